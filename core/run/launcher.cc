#include "core/run/launcher.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.h"
#include "core/life/version_lock.h"
#include "core/run/background.h"
#include "core/run/dead_runners.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr int kKillPatienceMs = 10'000;

// Versions are started by a keeper of the queue on this machine.
class LocalLauncher final : public Launcher {
 public:
  void wake(const Home& home) noexcept override { ensure_keeper(home); }

  void kill(Registry& registry, const VersionRecord& version) override {
    const fs::path folder = registry.home().version_folder(version.job, version.number);
    if (const auto process = runner_process(folder)) {
      if (::syscall(SYS_pidfd_send_signal, process->get(), SIGKILL, nullptr, 0) != 0 &&
          errno != ESRCH) {
        throw_io_error(fmt::format("cannot kill the runner of {}", version.reference()), errno);
      }
      pollfd ended{process->get(), POLLIN, 0};
      while (::poll(&ended, 1, kKillPatienceMs) < 0 && errno == EINTR) {
      }
    }
    notice_dead_runners(registry);
  }
};

}  // namespace

Launcher& launcher_of(const Pool& /*pool*/) {
  static LocalLauncher launcher;
  return launcher;
}

}  // namespace mat
