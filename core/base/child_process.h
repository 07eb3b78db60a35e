#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mat {

struct ChildLimits {
  double seconds = 10;
  std::size_t output_bytes = 1 << 20;
  std::size_t error_bytes = 4 << 10;  // what is more is dropped, and no reason to end the program
};

struct ChildResult {
  bool started = false;     // false: there is no such program
  bool timed_out = false;   // it was killed for taking too long
  bool output_cut = false;  // it was killed for writing more than was wanted
  int exit_status = -1;     // -1: ended by a signal
  std::string output, error;
};

// Runs a program, by default the first of the arguments, found by $PATH, without a shell and
// without input, in a process group of its own which is killed when a limit is passed.
// `environment` is "NAME=VALUE" and the whole of it. Thread safe.
ChildResult run_child(const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment, const ChildLimits& limits,
                      const std::string& program = {});

}  // namespace mat
