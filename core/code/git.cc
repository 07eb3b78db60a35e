#include "core/code/git.h"

#include <unistd.h>

#include <string_view>

namespace mat {
namespace {

std::vector<std::string> git_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const bool is_gits = variable.starts_with("GIT_") && !variable.starts_with("GIT_CONFIG");
    if (!is_gits && !variable.starts_with("LC_ALL=") && !variable.starts_with("LANGUAGE=")) {
      environment.emplace_back(variable);
    }
  }
  environment.insert(environment.end(), {"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0",
                                         "GIT_NO_LAZY_FETCH=1", "LC_ALL=C"});
  return environment;
}

}  // namespace

ChildResult run_git(const std::filesystem::path& folder, const std::vector<std::string>& words,
                    const ChildLimits& limits) {
  std::vector<std::string> arguments{"git",           "--no-pager", "-C",
                                     folder.string(), "-c",         "core.fsmonitor=false"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return run_child(arguments, git_environment(), limits);
}

}  // namespace mat
