#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/output/terminal.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

// What lies in a home is large or this machine's own: a repository should not keep it.
constexpr const char* kGitignore = "*\n";

int init(const std::string& folder, bool json) {
  Home home;
  home.root = std::filesystem::absolute(folder.empty() ? "." : folder).lexically_normal() / ".mat";
  home.chosen_by = "init";
  const bool existed = std::filesystem::exists(home.database());
  make_folders(home.root);
  if (!std::filesystem::exists(home.root / ".gitignore")) {
    write_file_atomic(home.root / ".gitignore", kGitignore);
  }
  const Registry registry(home, Registry::Mode::write);
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
  CLI::App* command =
      app.add_subcommand("init", "Make a home for jobs, .mat/, in this folder or in DIR");
  command->add_option("DIR", flags->folder, "The folder to make .mat/ in; this one by default");
  add_json_flag(command, flags->json);
  set_action(command, context, [flags] { return init(flags->folder, flags->json); });
}

}  // namespace mat
