#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mat {

// What a program that runs for long is watched by. All are called from run_lines()'s own thread,
// and may throw, which ends the program and comes out of run_lines().
struct LineWatch {
  std::function<void(std::string_view line)> output, error;  // without the line break
  // Asked about ten times a second. When false, the program and all that it has started is ended:
  // asked to, and killed a second later.
  std::function<bool()> go_on;
};

// Runs the program at `program`, without a shell and without input, in a process group of its own;
// it is killed when this process dies. `environment` is "NAME=VALUE" and the whole of it. Lines
// longer than 1 MiB are cut. Returns the exit status, or -1 when it was ended by a signal. Throws
// an io error when it cannot be started.
int run_lines(const std::filesystem::path& program, const std::vector<std::string>& arguments,
              const std::vector<std::string>& environment, const LineWatch& watch);

}  // namespace mat
