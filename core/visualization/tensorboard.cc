#include "core/visualization/tensorboard.h"

#include <cstdlib>
#include <utility>

#include "core/base/child_process.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/command/program_path.h"
#include "core/run/run_environment.h"

namespace mat {
namespace {

constexpr const char* kVariable = "MAT_TENSORBOARD";
constexpr double kImportSeconds = 60;
// New points of trainings under way appear after at most so long.
constexpr const char* kReloadSeconds = "5";

std::string absolute_program(const std::string& name, const std::vector<std::string>& environment) {
  const std::filesystem::path here = working_folder();
  return absolute_path(find_program(name, environment, here)).string();
}

}  // namespace

std::vector<std::string> find_tensorboard() {
  const std::vector<std::string> environment = environment_with({});
  if (const char* chosen = std::getenv(kVariable); chosen != nullptr && *chosen != '\0') {
    try {
      return {absolute_program(chosen, environment)};
    } catch (const Error& e) {
      throw Error(e.kind(), std::string(kVariable) + ": " + e.message(), e.hint());
    }
  }
  try {
    return {absolute_program("tensorboard", environment)};
  } catch (const Error&) {
    // It may be there without being on the PATH.
  }
  const ChildResult found = run_child({"python3", "-c", "import tensorboard.main"}, environment,
                                      {.seconds = kImportSeconds});
  if (found.started && found.exit_status == 0) {
    return {absolute_program("python3", environment), "-m", "tensorboard.main"};
  }
  throw Error(ErrorKind::usage, "TensorBoard is not installed",
              "install it: python3 -m venv ~/tensorboard && ~/tensorboard/bin/pip install "
              "tensorboard, and name it: export MAT_TENSORBOARD=~/tensorboard/bin/tensorboard; "
              "without it, mat ui and mat version plot show curves");
}

std::vector<std::string> tensorboard_command(std::vector<std::string> program,
                                             const TensorboardPlace& place) {
  for (const std::string& word :
       {std::string("--logdir"), place.folder.string(), std::string("--host"), place.host,
        std::string("--port"), std::to_string(place.port), std::string("--reload_interval"),
        std::string(kReloadSeconds), std::string("--window_title"), place.title}) {
    program.push_back(word);
  }
  return program;
}

}  // namespace mat
