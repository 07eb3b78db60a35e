#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// What lies in a home is large or this machine's own: a repository should not keep it.
constexpr const char* kGitignore = "*\n";

// Null when it is unset or empty.
const char* variable_home() {
  const char* value = std::getenv("MAT_HOME");
  return value == nullptr || *value == '\0' ? nullptr : value;
}

// As other commands find it, but none upward: a home in a folder is made there.
Home home_to_make(const Context& context, const std::string& folder) {
  const bool is_chosen = variable_home() != nullptr && folder.empty();
  if (context.home_option.empty() && !is_chosen) {
    const fs::path parent = folder.empty() ? working_folder() : absolute_path(folder);
    return {parent / ".mat", "init"};
  }
  if (folder.empty()) return context.home();
  throw Error(ErrorKind::usage, "both DIR and --home say where the home is to be",
              "DIR gets a home DIR/.mat, --home names the home itself");
}

// Not in a folder that already holds other things: they may belong into a repository.
bool wants_gitignore(const fs::path& root) {
  std::error_code error;
  return root.filename() == ".mat" || fs::is_empty(root, error);
}

int init(const Context& context, const std::string& folder, bool json) {
  const Home home = home_to_make(context, folder);
  std::error_code ignored;
  const bool existed = fs::exists(home.database(), ignored);
  make_folders(home.root);
  if (wants_gitignore(home.root) && !fs::exists(home.root / ".gitignore", ignored)) {
    write_file_atomic(home.root / ".gitignore", kGitignore);
  }
  const Registry registry(home, Registry::Mode::write);
  if (!folder.empty() && variable_home() != nullptr) {
    note(fmt::format("other commands use $MAT_HOME, '{}'", printable(variable_home())));
  }
  if (json) {
    print_json({{"home", home.root.string()}, {"created", !existed}});
  } else {
    print(fmt::format("{} {}\n", existed ? "Already a home:" : "Made a home in",
                      printable(home.root.string())));
  }
  return 0;
}

}  // namespace

void add_init_command(CLI::App& app, Context& context) {
  struct Flags {
    std::string folder;
    bool json = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "init",
      "Make a home for jobs: what --home or $MAT_HOME says, or .mat/ in this folder or DIR");
  command->add_option("DIR", flags->folder, "The folder to make .mat/ in, whatever $MAT_HOME says");
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return init(context, flags->folder, flags->json); });
}

}  // namespace mat
