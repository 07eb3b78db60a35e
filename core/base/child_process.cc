#include "core/base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>

#include "core/base/error.h"
#include "core/base/process.h"
#include "core/base/time.h"

namespace mat {
namespace {

// -1 when there is no such program.
pid_t spawn(const std::string& program, const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment, int output, int error) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, error, STDERR_FILENO);

  const SpawnAttributes attributes(POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int problem =
      ::posix_spawnp(&pid, program.c_str(), &files, attributes.get(), as_pointers(arguments).data(),
                     as_pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  return problem == 0 ? pid : -1;
}

enum class Stream { open, ended, full };

Stream read_available(int fd, std::string& into, std::size_t limit) {
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t count = ::read(fd, chunk.data(), chunk.size());
    if (count == 0) return Stream::ended;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN ? Stream::open : Stream::ended;
    const std::size_t room = limit - into.size();
    into.append(chunk.data(), std::min(static_cast<std::size_t>(count), room));
    if (static_cast<std::size_t>(count) > room) return Stream::full;
  }
}

// Reads until the program has ended, not until its pipes have: it may have left a daemon behind
// that holds them. Only without pidfd_open are the pipes' ends all there is to go by.
void read_until_end(pid_t pid, Pipe& output, Pipe& error, const ChildLimits& limits,
                    ChildResult& result) {
  const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  std::array<pollfd, 3> waiting{
      {{output.read.get(), POLLIN, 0}, {error.read.get(), POLLIN, 0}, {process.get(), POLLIN, 0}}};
  const double deadline = monotonic_seconds() + limits.seconds;
  for (;;) {
    const double left = deadline - monotonic_seconds();
    result.timed_out = left <= 0;
    if (result.timed_out) return;
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(std::ceil(left * 1000))) < 0) {
      if (errno == EINTR) continue;
      throw_io_error("cannot wait for a program", errno);
    }
    const bool has_ended = waiting[2].revents != 0;
    const Stream out = read_available(output.read.get(), result.output, limits.output_bytes);
    const Stream err = read_available(error.read.get(), result.error, limits.error_bytes);
    result.output_cut = out == Stream::full;
    // poll() passes over negative descriptors.
    if (out == Stream::ended) waiting[0].fd = -1;
    if (err == Stream::ended) waiting[1].fd = -1;
    const bool pipes_ended = waiting[0].fd < 0 && waiting[1].fd < 0;
    if (result.output_cut || has_ended || (pipes_ended && !process)) return;
  }
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment, const ChildLimits& limits,
                      const std::string& program) {
  Pipe output = make_non_blocking_pipe(), error = make_non_blocking_pipe();
  ChildResult result;
  const pid_t pid = spawn(program.empty() ? arguments.front() : program, arguments, environment,
                          output.write.get(), error.write.get());
  if (pid < 0) return result;
  result.started = true;
  output.write = FileDescriptor();
  error.write = FileDescriptor();

  read_until_end(pid, output, error, limits, result);
  if (result.timed_out || result.output_cut) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return result;
  }
  if (WIFEXITED(status)) result.exit_status = WEXITSTATUS(status);
  return result;
}

}  // namespace mat
