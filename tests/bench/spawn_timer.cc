// Times whole processes: from posix_spawn until the process has ended and been waited for.
//
//   spawn_timer RUNS COMMAND [ARGUMENT…]
//
// Prints "MEDIAN_MS MIN_MS PEAK_KB": of the runs' times, and the largest peak of resident memory.
// Output of the command is thrown away. Ends with 1 when a run of the command does not end with 0.

#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/base/time.h"

extern char** environ;

namespace {

struct Run {
  double seconds = 0;
  long peak_kb = 0;
  int status = 0;
};

Run run_once(char** command, posix_spawn_file_actions_t* actions) {
  Run run;
  pid_t pid = 0;
  const double start = mat::monotonic_seconds();
  const int error = ::posix_spawnp(&pid, command[0], actions, nullptr, command, environ);
  if (error != 0) {
    fmt::print(stderr, "spawn_timer: {}: {}\n", command[0], std::strerror(error));
    std::exit(2);
  }
  rusage usage{};
  while (::wait4(pid, &run.status, 0, &usage) < 0 && errno == EINTR) {
  }
  run.seconds = mat::monotonic_seconds() - start;
  run.peak_kb = usage.ru_maxrss;
  return run;
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 2 ? std::atoi(argv[1]) : 0;
  if (runs < 1) {
    fmt::print(stderr, "usage: spawn_timer RUNS COMMAND [ARGUMENT…]\n");
    return 2;
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<double> seconds;
  long peak_kb = 0;
  bool all_succeeded = true;
  // The first run brings the files into memory and is not counted.
  for (int i = 0; i <= runs; ++i) {
    const Run run = run_once(argv + 2, &actions);
    peak_kb = std::max(peak_kb, run.peak_kb);
    all_succeeded = all_succeeded && WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0;
    if (i > 0) seconds.push_back(run.seconds);
  }
  std::sort(seconds.begin(), seconds.end());
  fmt::print("{:.2f} {:.2f} {}\n", seconds[seconds.size() / 2] * 1e3, seconds.front() * 1e3,
             peak_kb);
  return all_succeeded ? 0 : 1;
}
