#include "core/life/version_lock.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <utility>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/machine.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Two seconds in all: far longer than a question takes, also on a busy machine.
constexpr int kMaxTries = 2000;
constexpr timespec kBetweenTries{0, 1'000'000};
constexpr std::size_t kMaxContentBytes = 4096;

enum class Attempt { taken, held, failed };

Attempt try_lock(int fd, int kind) {
  while (::flock(fd, kind | LOCK_NB) != 0) {
    if (errno != EINTR) return errno == EWOULDBLOCK ? Attempt::held : Attempt::failed;
  }
  return Attempt::taken;
}

// Whoever asks for liveness holds a shared lock for a moment, which must not look like a runner.
Attempt take_exclusive_lock(int fd) {
  for (int tries = 0; tries < kMaxTries; ++tries) {
    const Attempt exclusive = try_lock(fd, LOCK_EX);
    if (exclusive != Attempt::held) return exclusive;
    const Attempt shared = try_lock(fd, LOCK_SH);
    if (shared != Attempt::taken) return shared;
    ::flock(fd, LOCK_UN);
    ::nanosleep(&kBetweenTries, nullptr);
  }
  return Attempt::held;
}

// The fields of /proc/PID/stat that come after the program's name, which may hold spaces and
// brackets; none when there is no such process.
std::vector<std::string> stat_of_process(pid_t pid) {
  const std::string stat = read_file_if_exists(fmt::format("/proc/{}/stat", pid)).value_or("");
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos) return {};
  return split(stat.substr(name_end + 2), ' ');
}

// Clock ticks since the machine's start at which this process began; with it a process id means one
// process only.
std::int64_t start_of_process(pid_t pid) {
  constexpr std::size_t kStart = 19;
  const std::vector<std::string> fields = stat_of_process(pid);
  return fields.size() > kStart ? parse_integer(fields[kStart]).value_or(0) : 0;
}

bool is_process_stopped(pid_t pid) {
  const std::vector<std::string> fields = stat_of_process(pid);
  return !fields.empty() && fields.front() == "T";
}

std::string content_of_this_process() {
  const Machine& machine = this_machine();
  return to_json_text({{"host", machine.host},
                       {"boot_id", machine.boot_id},
                       {"pid", ::getpid()},
                       {"start", start_of_process(::getpid())}}) +
         "\n";
}

// 0, or the number of the error.
int write_whole(int fd, const std::string& content) {
  if (::ftruncate(fd, 0) != 0) return errno;
  const ssize_t written = ::pwrite(fd, content.data(), content.size(), 0);
  if (written < 0) return errno;
  return static_cast<std::size_t>(written) < content.size() ? ENOSPC : 0;
}

std::string read_content(int fd, const fs::path& path) {
  std::string content(kMaxContentBytes, '\0');
  const ssize_t count = ::pread(fd, content.data(), content.size(), 0);
  if (count < 0) throw_io_error(fmt::format("cannot read '{}'", path.string()), errno);
  content.resize(static_cast<std::size_t>(count));
  return content;
}

// A process that was killed holds its locks until its memory is given back.
bool is_being_taken_down(const std::string& content) {
  const Json lock = Json::parse(content, nullptr, false);
  if (!lock.is_object()) return false;
  const std::vector<std::string> fields = stat_of_process(lock.value("pid", 0));
  return !fields.empty() && (fields.front() == "Z" || fields.front() == "X");
}

// The shared lock, waiting for it where its holder is dying.
Attempt take_shared_lock(int fd, const fs::path& path) {
  Attempt attempt = try_lock(fd, LOCK_SH);
  for (int tries = 0; attempt == Attempt::held && tries < kMaxTries; ++tries) {
    if (!is_being_taken_down(read_content(fd, path))) return attempt;
    ::nanosleep(&kBetweenTries, nullptr);
    attempt = try_lock(fd, LOCK_SH);
  }
  return attempt;
}

bool was_on_this_machine(const std::string& content) {
  const Json lock = Json::parse(content, nullptr, false);
  // What a power failure leaves: the runner is gone in any case.
  if (!lock.is_object()) return true;
  const auto text = [&](const char* key) {
    const auto found = lock.find(key);
    return found != lock.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  return is_this_machine(text("host"), text("boot_id"));
}

fs::path lock_path(const fs::path& version_folder) { return version_folder / "lock"; }

struct Runner {
  pid_t pid = -1;
  FileDescriptor process;
};

std::optional<Runner> find_runner(const fs::path& version_folder) {
  const fs::path path = lock_path(version_folder);
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return std::nullopt;
  const std::string content = read_content(file.get(), path);
  const Json lock = Json::parse(content, nullptr, false);
  if (!lock.is_object() || !was_on_this_machine(content)) return std::nullopt;
  const auto pid = lock.value("pid", 0);
  FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  // The number may have been given to another process since.
  if (!process || start_of_process(pid) != lock.value("start", std::int64_t{0})) {
    return std::nullopt;
  }
  return Runner{pid, std::move(process)};
}

}  // namespace

VersionLock VersionLock::acquire(const fs::path& version_folder) {
  const fs::path path = lock_path(version_folder);
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file) throw_io_error(fmt::format("cannot open '{}'", path.string()), errno);
  switch (take_exclusive_lock(file.get())) {
    case Attempt::taken:
      break;
    case Attempt::held:
      throw Error(ErrorKind::conflict,
                  fmt::format("another process runs the version in '{}'", version_folder.string()));
    case Attempt::failed:
      throw_io_error(fmt::format("cannot lock '{}'", path.string()), errno);
  }
  if (const int error = write_whole(file.get(), content_of_this_process()); error != 0) {
    // Half a content would be taken for that of a dead runner; none says "never started".
    if (::ftruncate(file.get(), 0) != 0) ::unlink(path.c_str());
    throw_io_error(fmt::format("cannot write '{}'", path.string()), error);
  }
  return VersionLock(std::move(file));
}

std::optional<FileDescriptor> hold_off_runners(const fs::path& version_folder) {
  FileDescriptor file(::open(lock_path(version_folder).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file || try_lock(file.get(), LOCK_SH) != Attempt::taken) return std::nullopt;
  return file;
}

std::optional<FileDescriptor> runner_process(const fs::path& version_folder) {
  auto runner = find_runner(version_folder);
  if (!runner) return std::nullopt;
  return std::move(runner->process);
}

bool is_runner_stopped(const fs::path& version_folder) {
  const auto runner = find_runner(version_folder);
  return runner && is_process_stopped(runner->pid);
}

Liveness liveness_of(const fs::path& version_folder) {
  const fs::path path = lock_path(version_folder);
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return Liveness::no_runner;
    throw_io_error(fmt::format("cannot open '{}'", path.string()), errno);
  }
  switch (take_shared_lock(file.get(), path)) {
    case Attempt::taken:
      break;
    case Attempt::held:
      return Liveness::alive;
    case Attempt::failed:
      throw_io_error(fmt::format("cannot lock '{}'", path.string()), errno);
  }
  // Read under the shared lock, so that no new runner writes meanwhile.
  const std::string content = read_content(file.get(), path);
  if (content.empty()) return Liveness::no_runner;
  return was_on_this_machine(content) ? Liveness::dead : Liveness::elsewhere;
}

}  // namespace mat
