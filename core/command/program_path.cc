#include "core/command/program_path.h"

#include <fmt/core.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSystemPath = "/usr/local/bin:/usr/bin:/bin";

bool is_executable(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

[[noreturn]] void throw_not_executable(const std::string& program, const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    throw Error(ErrorKind::usage, fmt::format("the command's program '{}' is a folder", program),
                "name a program, and what it shall do as its arguments");
  }
  const bool is_python = path.extension() == ".py";
  throw Error(ErrorKind::usage,
              fmt::format("the command's program '{}' is not executable", program),
              is_python ? fmt::format("run it with its interpreter: python3 {}", program)
                        : fmt::format("chmod +x {}, or run it with its interpreter", program));
}

}  // namespace

std::string_view variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& each : environment) {
    const std::string_view text(each);
    if (text.size() > name.size() && text[name.size()] == '=' && text.starts_with(name)) {
      return text.substr(name.size() + 1);
    }
  }
  return {};
}

fs::path find_program(const std::string& program, const std::vector<std::string>& environment,
                      const fs::path& working_folder) {
  if (program.empty()) throw Error(ErrorKind::usage, "the command is empty");
  std::error_code ignored;
  if (program.find('/') != std::string::npos) {
    fs::path path = working_folder / program;
    if (is_executable(path)) return path;
    if (fs::exists(path, ignored)) throw_not_executable(program, path);
    throw Error(ErrorKind::usage, fmt::format("the command's program '{}' does not exist", program),
                fmt::format("it was looked for as '{}'", path.lexically_normal().string()));
  }
  std::string_view folders = variable(environment, "PATH");
  if (folders.empty()) folders = kSystemPath;
  fs::path not_executable;
  for (const std::string& folder : split(folders, ':')) {
    // An empty entry means the working folder, as in every shell.
    fs::path path = working_folder / folder / program;
    if (is_executable(path)) return path;
    if (fs::is_regular_file(path, ignored)) not_executable = path;
  }
  if (!not_executable.empty()) throw_not_executable(program, not_executable);
  const bool is_here = fs::is_regular_file(working_folder / program, ignored);
  throw Error(ErrorKind::usage, fmt::format("the command's program '{}' is not found", program),
              is_here ? fmt::format("for the file in the code folder write ./{}, or run it with "
                                    "its interpreter",
                                    program)
                      : fmt::format("it was looked for in {}", folders));
}

}  // namespace mat
