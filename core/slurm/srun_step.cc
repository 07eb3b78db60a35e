#include "core/slurm/srun_step.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.h"
#include "core/base/process.h"

extern char** environ;

namespace mat {

SrunStep::SrunStep(const std::vector<std::string>& words) {
  // In a session of its own: a signal to the batch script must not make srun kill its tasks, which
  // Slurm tells itself.
  const SpawnAttributes attributes(POSIX_SPAWN_SETSID);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  const int problem = ::posix_spawnp(&pid_, words.front().c_str(), &files, attributes.get(),
                                     as_pointers(words).data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (problem != 0) throw_io_error("cannot start srun", problem);
}

SrunStep::~SrunStep() {
  if (has_ended()) return;
  kill_tasks();
  while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
}

bool SrunStep::has_ended() {
  if (!is_over_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) is_over_ = true;
  return is_over_;
}

void SrunStep::kill_tasks() {
  // For srun an order to do so.
  if (!has_ended()) ::kill(pid_, SIGTERM);
}

void SrunStep::kill() {
  if (has_ended()) return;
  // It is two processes.
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  is_over_ = true;
}

bool SrunStep::has_ended_well() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

std::string SrunStep::how_it_ended() const {
  return WIFSIGNALED(status_) ? fmt::format("signal {}", WTERMSIG(status_))
                              : fmt::format("exit code {}", WEXITSTATUS(status_));
}

}  // namespace mat
