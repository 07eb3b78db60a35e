#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "core/base/child_process.h"
#include "core/base/text.h"

namespace mat {

// Runs a script, named from tests/ on, with the interpreter that the variable names or `otherwise`,
// and returns its output. Exit status 77 says that something it needs is not installed: that is
// told loudly and gives nothing. Any other failure fails the test.
inline std::optional<std::string> run_python(const std::string& script,
                                             std::vector<std::string> arguments,
                                             const char* interpreter_variable,
                                             const char* otherwise = "python3") {
  const char* chosen = std::getenv(interpreter_variable);
  arguments.insert(arguments.begin(), {chosen ? chosen : otherwise, MAT_TESTS_FOLDER "/" + script});
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  const ChildResult result =
      run_child(arguments, environment, {.seconds = 1200, .output_bytes = 64 << 20});
  if (!result.started || result.exit_status == 77) {
    std::cout << "WARNING: not checked with " << script << ": " << trim(result.error) << " (or set "
              << interpreter_variable << ")" << std::endl;
    return std::nullopt;
  }
  CAPTURE(script, result.output.substr(0, 4000), result.error, result.timed_out);
  REQUIRE(result.exit_status == 0);
  return result.output;
}

}  // namespace mat
