#include "core/life/process_life.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/life/stop_request.h"
#include "core/life/version_lock.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(20);
// How long one may be recorded without a lock file: the time between its row and its lock.
constexpr std::int64_t kStartGraceMs = 60'000;

std::optional<std::string> why_dead(const RecordedProcess& process) {
  try {
    switch (liveness_of(process.folder)) {
      case Liveness::dead:
        // The lock of the start before, when it is being started again.
        if (process.status == Status::pending && !process.has_facts &&
            std::abs(now_ms() - process.started_ms.value_or(0)) < kStartGraceMs) {
          return std::nullopt;
        }
        return "its process died";
      case Liveness::no_runner:
        if (std::abs(now_ms() - process.started_ms.value_or(0)) > kStartGraceMs) {
          return "it was never started";
        }
        return std::nullopt;
      case Liveness::alive:
      case Liveness::elsewhere:
        return std::nullopt;
    }
  } catch (const Error&) {
    // One unreadable lock must not keep the rest from being read.
  }
  return std::nullopt;
}

}  // namespace

void notice_dead_processes(const Home& home, const std::vector<RecordedProcess>& active,
                           const std::function<void(Registry&, const RecordedProcess&,
                                                    const Registry::ProcessChange&)>& change) {
  std::vector<std::pair<RecordedProcess, std::string>> dead;
  for (const RecordedProcess& process : active) {
    if (auto why = why_dead(process)) dead.emplace_back(process, std::move(*why));
  }
  if (dead.empty()) return;
  try {
    Registry writer(home, Registry::Mode::write);
    for (const auto& [process, why] : dead) {
      // With its lock in hand: one that has been started again meanwhile is alive.
      const auto held = hold_off_runners(process.folder);
      if (!held && liveness_of(process.folder) != Liveness::no_runner) continue;
      const bool was_killed = is_stop_requested(process.folder);
      Registry::ProcessChange found;
      found.status = was_killed ? Status::terminated : Status::abnormal;
      found.reason = was_killed ? requested_stop(process.folder).value_or("stopped") : why;
      change(writer, process, found);
      withdraw_stop(process.folder);
    }
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::io) throw;
  }
}

bool wait_for_process(const fs::path& folder, double until_s) {
  while (fs::exists(folder) && liveness_of(folder) == Liveness::alive) {
    if (monotonic_seconds() > until_s) return false;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return true;
}

void kill_process(const fs::path& folder, const std::string& name) {
  if (liveness_of(folder) == Liveness::elsewhere) {
    throw Error(ErrorKind::conflict,
                fmt::format("{} runs on another machine, and cannot be killed from here", name));
  }
  try {
    request_stop(folder, "killed by the user");
  } catch (const Error&) {
    // On a full disk.
  }
  if (const auto process = runner_process(folder)) {
    ::syscall(SYS_pidfd_send_signal, process->get(), SIGKILL, nullptr, 0);
  }
}

ErrorKind kind_of_exit(int code) {
  switch (code) {
    case 2:
      return ErrorKind::usage;
    case 3:
      return ErrorKind::not_found;
    case 4:
      return ErrorKind::conflict;
    case 6:
      return ErrorKind::terminated;
    default:
      return ErrorKind::io;
  }
}

}  // namespace mat
