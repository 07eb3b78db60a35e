#include "core/run/background.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

#include "core/base/error.h"
#include "core/base/machine.h"
#include "core/base/process.h"
#include "core/run/keeper.h"
#include "core/run/run_environment.h"

extern char** environ;

namespace mat {
namespace {

namespace fs = std::filesystem;

// Still this program after its file was replaced by a newer one.
constexpr const char* kThisProgram = "/proc/self/exe";
constexpr auto kBetweenCalls = std::chrono::milliseconds(20);

int wait_for(pid_t pid, const std::function<void()>& meanwhile) {
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(pid, &status, meanwhile ? WNOHANG : 0);
    if (ended == pid) return status;
    if (ended < 0 && errno != EINTR) throw_io_error("cannot wait for a process of mat", errno);
    if (!meanwhile) continue;
    meanwhile();
    std::this_thread::sleep_for(kBetweenCalls);
  }
}

// Runs mat until its first process ends.
int run_mat(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
            const std::function<void()>& meanwhile = {}) {
  const SpawnAttributes attributes(POSIX_SPAWN_SETSID);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&files, stream, "/dev/null", O_RDWR, 0);
  }
  // Whatever else this process has open belongs to it alone: locks, pipes of whoever started it.
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  pid_t pid = -1;
  const int problem = ::posix_spawn(&pid, kThisProgram, &files, attributes.get(),
                                    as_pointers(arguments).data(), as_pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  if (problem != 0) throw_io_error("cannot start a process of mat", problem);
  const int status = wait_for(pid, meanwhile);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::vector<std::string> mat_arguments(const Home& home, const char* command) {
  return {"mat", "--home", home.root.string(), command};
}

}  // namespace

int run_hidden(const Home& home, std::vector<std::string> arguments,
               const std::vector<std::string>& environment,
               const std::function<void()>& meanwhile) {
  const std::vector<std::string> first{"mat", "--home", home.root.string()};
  arguments.insert(arguments.begin(), first.begin(), first.end());
  return run_mat(arguments, environment, meanwhile);
}

bool start_runner(const Home& home, const ActiveVersion& version) {
  std::vector<std::string> arguments = mat_arguments(home, kRunVersionCommand);
  arguments.push_back(std::to_string(version.id));
  const int code = run_mat(std::move(arguments),
                           read_run_environment(home.version_folder(version.job, version.number)));
  if (code == 0) return true;
  if (code == static_cast<int>(ErrorKind::conflict)) return false;
  const bool is_usage = code == static_cast<int>(ErrorKind::usage);
  throw Error(is_usage ? ErrorKind::usage : ErrorKind::io,
              fmt::format("its runner ended before it began, with {}", code),
              fmt::format("the log may say more: mat version logs {}", version.reference()));
}

void ensure_keeper(const Home& home) noexcept {
  if (std::getenv(kVersionVariable) != nullptr) return;
  try {
    if (has_standby_keeper(home)) return;
    run_mat(mat_arguments(home, kKeepQueueCommand), environment_with({}));
  } catch (const std::exception&) {
    return;
  }
}

void wake_queue(Registry& registry) {
  // The usual case while many wait, and cheaper than to look at them.
  if (has_standby_keeper(registry.home())) return;
  for (const ActiveVersion& version : registry.active_versions()) {
    const auto& submission = version.submission;
    if (version.status == Status::pending && submission && submission->detached &&
        is_this_machine(submission->machine)) {
      ensure_keeper(registry.home());
      return;
    }
  }
}

std::function<void(int)> go_to_background(const fs::path& output) {
  Pipe pipe = make_pipe();
  const pid_t pid = ::fork();
  if (pid < 0) throw_io_error("cannot start a process", errno);
  if (pid > 0) {
    pipe.write = FileDescriptor();
    unsigned char code = static_cast<unsigned char>(ErrorKind::bug);
    while (::read(pipe.read.get(), &code, 1) < 0 && errno == EINTR) {
    }
    ::_exit(code);
  }
  pipe.read = FileDescriptor();
  ::setsid();
  // Not "exe", as which it was started.
  ::prctl(PR_SET_NAME, "mat");
  if (!output.empty()) {
    const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file >= 0) {
      ::dup2(file, STDOUT_FILENO);
      ::dup2(file, STDERR_FILENO);
      ::close(file);
    }
  }
  const auto answer = std::make_shared<FileDescriptor>(std::move(pipe.write));
  return [answer](int exit_code) {
    const auto code = static_cast<unsigned char>(exit_code);
    while (*answer && ::write(answer->get(), &code, 1) < 0 && errno == EINTR) {
    }
    *answer = FileDescriptor();
  };
}

}  // namespace mat
