#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/base/child_process.h"

namespace mat {

// A script beside the tests of metrics, found upward from this program in its build folder.
inline std::filesystem::path script_path(const std::string& name) {
  namespace fs = std::filesystem;
  for (fs::path at = fs::read_symlink("/proc/self/exe"); at.has_relative_path();) {
    at = at.parent_path();
    if (const fs::path path = at / "tests/core/metrics" / name; fs::exists(path)) return path;
  }
  return name;
}

// Runs a script and returns its output. Exit status 77 says that something it needs is not
// installed: that is told loudly and gives nothing. Any other failure fails the test.
inline std::optional<std::string> run_python(const std::string& script,
                                             std::vector<std::string> arguments,
                                             const char* interpreter_variable) {
  const char* chosen = std::getenv(interpreter_variable);
  arguments.insert(arguments.begin(), {chosen ? chosen : "python3", script_path(script).string()});
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  const ChildResult result =
      run_child(arguments, environment, {.seconds = 120, .output_bytes = 64 << 20});
  if (!result.started || result.exit_status == 77) {
    std::cout << "WARNING: not checked with " << script << ": " << trim(result.error) << " (or set "
              << interpreter_variable << ")" << std::endl;
    return std::nullopt;
  }
  CAPTURE(script, result.error, result.timed_out);
  REQUIRE(result.exit_status == 0);
  return result.output;
}

}  // namespace mat
