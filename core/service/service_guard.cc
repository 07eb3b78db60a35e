#include "core/service/service_guard.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/life/stop_request.h"
#include "core/registry/registry.h"
#include "core/service/service_folder.h"
#include "core/service/service_log.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(20);
constexpr double kFirstPause = 1, kLongestPause = 60;
// One that ran so long has nothing to do with the failure before.
constexpr double kSteadySeconds = 60;

class Guard {
 public:
  Guard(const Home& home, Id service, const std::function<std::string()>& stop_reason)
      : home_(home), service_(service), stop_reason_(stop_reason) {
    Registry registry(home, Registry::Mode::read);
    folder_ = home.service_folder(registry.service(service).name);
  }

  Guarded run() {
    double pause_s = kFirstPause;
    for (int attempt = 1;; ++attempt) {
      const double begin_s = monotonic_seconds();
      const pid_t guard = ::getpid();
      const pid_t child = ::fork();
      if (child < 0) throw_io_error("cannot start the process that serves", errno);
      if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != guard) ::raise(SIGKILL);
        return {std::nullopt, attempt - 1};
      }
      const int status = wait_for(child);
      if (WIFEXITED(status)) return {WEXITSTATUS(status), attempt - 1};
      if (monotonic_seconds() - begin_s >= kSteadySeconds) pause_s = kFirstPause;
      const std::string what =
          fmt::format("attempt {} was ended by signal {}", attempt, WTERMSIG(status));
      // Whoever starts it waits for its first answer, and what never worked would not the next
      // time.
      if (attempt == 1 && !has_answered()) {
        throw Error(ErrorKind::io, what + " before it answered",
                    "what it said: " + service_log_path(folder_).string());
      }
      if (const auto code = pause(what, pause_s)) return {code, attempt};
      pause_s = std::min(kLongestPause, pause_s * 2);
    }
  }

 private:
  int wait_for(pid_t child) {
    bool is_told = false;
    for (;;) {
      int status = 0;
      const pid_t ended = ::waitpid(child, &status, WNOHANG);
      if (ended == child) return status;
      if (ended < 0 && errno != EINTR) throw_io_error("cannot wait for what serves", errno);
      if (!is_told && !stop_reason_().empty()) {
        is_told = true;
        tell_to_stop(child);
      }
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }

  void tell_to_stop(pid_t child) const {
    try {
      request_stop(folder_, stop_reason_());
    } catch (const Error&) {
      // A full disk takes no file.
      ::kill(child, SIGTERM);
    }
  }

  // Nothing: it is to be started again. Otherwise the exit code.
  std::optional<int> pause(const std::string& what, double seconds) {
    ServiceLog(service_log_path(folder_))
        .line(fmt::format("{}; starts again in {}", what, format_duration(seconds)));
    change(Status::pending, fmt::format("{}; starts again in {}", what, format_duration(seconds)));
    const double begin_s = monotonic_seconds();
    while (monotonic_seconds() - begin_s < seconds) {
      const bool is_asked = is_stop_requested(folder_);
      if (is_asked || !stop_reason_().empty()) {
        change(Status::terminated,
               is_asked ? requested_stop(folder_).value_or("stopped") : stop_reason_());
        withdraw_stop(folder_);
        return static_cast<int>(ErrorKind::terminated);
      }
      std::this_thread::sleep_for(kBetweenLooks);
    }
    return std::nullopt;
  }

  bool has_answered() const {
    return Registry(home_, Registry::Mode::read).service(service_).status == Status::running;
  }

  // A registry that cannot be written now is no reason to serve no more.
  void change(Status status, const std::string& reason) {
    try {
      Registry registry(home_, Registry::Mode::write);
      Registry::ProcessChange change;
      change.status = status;
      change.reason = reason;
      registry.change_service(service_, {Status::pending, Status::running}, change);
    } catch (const Error& e) {
      ServiceLog(service_log_path(folder_)).line("cannot record it: " + e.message());
    }
  }

  const Home& home_;
  Id service_;
  const std::function<std::string()>& stop_reason_;
  fs::path folder_;
};

}  // namespace

Guarded guard_service(const Home& home, Id service,
                      const std::function<std::string()>& stop_reason) {
  return Guard(home, service, stop_reason).run();
}

}  // namespace mat
