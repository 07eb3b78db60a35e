#include "core/command/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <string_view>

#include "core/base/file.h"
#include "core/base/time.h"

namespace mat {
namespace {

constexpr int kStopRounds = 50;
constexpr timespec kShortWait{0, 1'000'000};
constexpr timespec kLongWait{0, 20'000'000};

template <typename Number>
Number number_of(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// /proc/PID/stat: "PID (NAME) STATE PPID …"; the name may hold spaces and brackets. The start is
// the 22nd field.
std::optional<ProcessId> read_process(pid_t pid) {
  constexpr int kStartField = 19;  // counted from the state
  std::array<char, 32> path;
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", pid);
  const FileDescriptor file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer;
  const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (size <= 0) return std::nullopt;
  std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  const std::size_t name_end = text.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 2);
  ProcessId process;
  process.pid = pid;
  for (int field = 0; field <= kStartField && !text.empty(); ++field) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (field == 1) process.parent = number_of<pid_t>(word);
    if (field == kStartField) process.start = number_of<std::uint64_t>(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return process;
}

std::vector<ProcessId> all_processes() {
  std::vector<ProcessId> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) return processes;
  while (const dirent* entry = ::readdir(folder.get())) {
    const auto pid = number_of<pid_t>(entry->d_name);
    if (pid <= 0) continue;
    if (const auto process = read_process(pid)) processes.push_back(*process);
  }
  return processes;
}

bool is_same(const ProcessId& a, const ProcessId& b) {
  return a.pid == b.pid && a.start == b.start;
}

bool is_among(const std::vector<ProcessId>& list, const ProcessId& process) {
  return std::any_of(list.begin(), list.end(),
                     [&](const ProcessId& each) { return is_same(each, process); });
}

// Those of `all` that descend from `root`, without `spared` and what descends from them.
std::vector<ProcessId> below(pid_t root, const std::vector<ProcessId>& spared) {
  std::vector<ProcessId> all = all_processes();
  std::sort(all.begin(), all.end(),
            [](const ProcessId& a, const ProcessId& b) { return a.parent < b.parent; });
  std::vector<ProcessId> found;
  const auto take_children = [&](pid_t parent) {
    const auto first = std::lower_bound(
        all.begin(), all.end(), parent,
        [](const ProcessId& process, pid_t wanted) { return process.parent < wanted; });
    for (auto each = first; each != all.end() && each->parent == parent; ++each) {
      if (!is_among(spared, *each) && !is_among(found, *each)) found.push_back(*each);
    }
  };
  take_children(root);
  for (std::size_t i = 0; i < found.size(); ++i) take_children(found[i].pid);
  return found;
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

// Until a look finds nothing new.
void stop_all(const std::vector<ProcessId>& spared) {
  std::vector<ProcessId> stopped;
  for (int round = 0; round < kStopRounds; ++round) {
    const std::size_t before = stopped.size();
    for (const ProcessId& process : below(::getpid(), spared)) {
      if (is_among(stopped, process)) continue;
      send_signal(process, SIGSTOP);
      stopped.push_back(process);
    }
    if (stopped.size() == before) return;
  }
}

}  // namespace

std::vector<ProcessId> descendants_of(pid_t root) { return below(root, {}); }

std::vector<ProcessId> children_of(pid_t parent) {
  std::vector<ProcessId> all = all_processes();
  std::erase_if(all, [parent](const ProcessId& process) { return process.parent != parent; });
  return all;
}

bool send_signal(const ProcessId& process, int signal) {
  const FileDescriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!handle && errno == ENOSYS) return ::kill(process.pid, signal) == 0;
  const auto now = read_process(process.pid);
  if (!handle || !now || now->start != process.start) return false;
  return ::syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0) == 0;
}

bool kill_descendants(const std::vector<ProcessId>& spared, double limit_s,
                      const std::function<void(pid_t, int)>& reaped) {
  const double deadline = monotonic_seconds() + limit_s;
  for (int round = 0; has_children(); ++round) {
    if (round == 0) stop_all(spared);
    const std::vector<ProcessId> left = below(::getpid(), spared);
    if (left.empty()) return true;
    if (monotonic_seconds() > deadline) return false;
    for (const ProcessId& process : left) {
      int status = 0;
      // Also what looks ended: its first thread may have, while others go on.
      send_signal(process, SIGKILL);
      if (process.parent == ::getpid() && ::waitpid(process.pid, &status, WNOHANG) == process.pid) {
        reaped(process.pid, status);
      }
    }
    ::nanosleep(round < 20 ? &kShortWait : &kLongWait, nullptr);
  }
  return true;
}

}  // namespace mat
