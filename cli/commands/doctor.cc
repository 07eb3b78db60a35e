#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "cli/commands/commands.h"
#include "cli/commands/doctor_finding.h"
#include "cli/commands/doctor_slurm.h"
#include "cli/commands/views.h"
#include "core/base/child_process.h"
#include "core/base/cores.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/version.h"
#include "core/command/program_path.h"
#include "core/registry/compare_folders.h"
#include "core/training/trainer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLittleSpace = 1ULL << 30;

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warning:
      return "warning";
    case Verdict::problem:
      return "problem";
  }
  return "";
}

Style style_of(Verdict verdict) {
  return verdict == Verdict::ok        ? Style::good
         : verdict == Verdict::warning ? Style::warning
                                       : Style::bad;
}

// The nearest folder above that exists: where a home that is not there yet would be made.
fs::path existing_part(fs::path path) {
  std::error_code ignored;
  while (!fs::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path;
}

void look_at_home(const Home& home, std::vector<DoctorFinding>& findings) {
  std::error_code error;
  const bool exists = fs::exists(home.database(), error);
  findings.push_back(
      {"home",
       Verdict::ok,
       fmt::format("{} ({}){}", home.root.string(), home.chosen_by, exists ? "" : ", not made yet"),
       {}});
  const fs::path place = existing_part(home.root);
  const bool is_writable = ::access(place.c_str(), W_OK | X_OK) == 0;
  findings.push_back({"write access", is_writable ? Verdict::ok : Verdict::problem,
                      is_writable ? "yes" : fmt::format("no: '{}'", place.string()),
                      is_writable ? "" : "choose another home with --home or $MAT_HOME"});
  const fs::space_info space = fs::space(place, error);
  if (!error) {
    const bool is_little = space.available < kLittleSpace;
    findings.push_back(
        {"free space", is_little ? Verdict::warning : Verdict::ok, format_bytes(space.available),
         is_little ? "trainings keep weights and decoded pictures in the home" : ""});
  }
}

std::string first_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  const std::size_t shown = std::min(names.size(), kShown);
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(shown));
  return join(first, ", ") + (shown < names.size() ? ", …" : "");
}

void look_at_folders(const Home& home, Registry* registry, std::vector<DoctorFinding>& findings) {
  const FolderDifferences found = compare_folders(home, registry);
  if (!found.unknown.empty()) {
    findings.push_back(
        {"folders", Verdict::warning,
         fmt::format("{} that the registry does not know: {}",
                     counted(static_cast<std::int64_t>(found.unknown.size()), "run folder"),
                     first_of(found.unknown)),
         "has mat.db been emptied or replaced? A copy of it (mat.db.backup-…) put "
         "in its place has them again"});
  }
  if (!found.missing.empty()) {
    findings.push_back(
        {"folders", Verdict::warning,
         fmt::format("the files of {} are gone: {}",
                     counted(static_cast<std::int64_t>(found.missing.size()), "version"),
                     first_of(found.missing)),
         "put them back, or delete what is left: mat version delete " + found.missing.front()});
  }
}

void look_at_registry(const Home& home, std::vector<DoctorFinding>& findings) {
  std::error_code error;
  if (!fs::exists(home.database(), error)) return look_at_folders(home, nullptr, findings);
  try {
    Registry registry(home, Registry::Mode::read);
    ListOptions options;
    options.limit = 1;
    const auto versions = registry.list_versions("", options);
    findings.push_back({"registry", Verdict::ok, counted(versions.total, "version"), {}});
    look_at_folders(home, &registry, findings);
  } catch (const Error& e) {
    findings.push_back({"registry", Verdict::problem, e.message(), e.hint()});
  }
  if (fs::exists(home.cache(), error)) {
    findings.push_back(
        {"picture cache",
         Verdict::ok,
         fmt::format("{} in {}", format_bytes(folder_bytes(home.cache())), home.cache().string()),
         {}});
  }
}

void look_at_trainers(std::vector<DoctorFinding>& findings, Json& description) {
  try {
    description = load_trainer().describe();
  } catch (const Error& e) {
    findings.push_back({"trainers", Verdict::problem, e.message(), e.hint()});
    return;
  }
  for (const char* key : {"libtorch", "blas", "capability"}) {
    if (description.contains(key)) {
      findings.push_back({key, Verdict::ok, value_text(description[key]), {}});
    }
  }
  for (const Json& device : description.value("devices", Json::array())) {
    findings.push_back({"device",
                        Verdict::ok,
                        value_text(device.value("name", Json())) +
                            (device.contains("model") ? " " + value_text(device["model"]) : ""),
                        {}});
  }
  for (const Json& problem : description.value("problems", Json::array())) {
    findings.push_back({"libtorch", Verdict::warning, value_text(problem.value("what", Json())),
                        problem.value("hint", "")});
  }
}

void look_at_git(std::vector<DoctorFinding>& findings) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  if (run_child({"git", "--version"}, environment, {}).exit_status == 0) return;
  findings.push_back({"git", Verdict::warning, "not found: versions are recorded without a commit",
                      "install git"});
}

// Programs that some trainings need; without them the others run all the same.
void look_at_programs(std::vector<DoctorFinding>& findings) {
  constexpr std::pair<const char*, const char*> kPrograms[] = {
      {"bwrap", "runs commands in a container image that is a folder"},
      {"podman", "runs commands in a named container image"},
      {"docker", "the same, instead of podman"},
      {"rclone", "moves data from and to s3:// and obs://"},
      {"tensorboard", "shows curves: tensorboard --logdir HOME/jobs"}};
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  for (const auto& [name, purpose] : kPrograms) {
    std::string place = "not found";
    try {
      place = find_program(name, environment, {}).string();
    } catch (const Error&) {
      // It is only a note.
    }
    findings.push_back({name, Verdict::ok, fmt::format("{}; {}", place, purpose), {}});
  }
}

int doctor(const Context& context, bool with_nodes, bool json) {
  const Home home = context.home();
  Json description;
  std::vector<DoctorFinding> findings;
  findings.push_back({"mat", Verdict::ok, mat_version(), {}});
  findings.push_back({"threads",
                      Verdict::ok,
                      fmt::format("{} for a training: the cores that may be used", usable_cores()),
                      {}});
  look_at_home(home, findings);
  look_at_registry(home, findings);
  look_at_trainers(findings, description);
  look_at_git(findings);
  look_at_programs(findings);
  look_at_slurm_pools(home, with_nodes, findings);

  bool has_problem = false;
  Json rows = Json::array();
  Table table({{""}, {""}, {"", Align::left, true}});
  for (const DoctorFinding& f : findings) {
    has_problem |= f.verdict == Verdict::problem;
    rows.push_back(
        {{"what", f.what}, {"verdict", name_of(f.verdict)}, {"value", f.value}, {"hint", f.hint}});
    table.add({Cell(name_of(f.verdict), style_of(f.verdict)), f.what, f.value});
    if (!f.hint.empty()) table.add({"", "", Cell("→ " + f.hint, Style::bold)});
  }
  if (json) {
    print_json({{"ok", !has_problem}, {"findings", rows}, {"trainers", description}});
  } else {
    print(table.text());
  }
  return has_problem ? static_cast<int>(ErrorKind::io) : 0;
}

}  // namespace

void add_doctor_command(CLI::App& app, Context& context) {
  struct Flags {
    bool json = false, with_nodes = false;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("doctor", "Look at LibTorch, devices and the home; say what is wrong");
  command->add_flag("--nodes", flags->with_nodes,
                    "Also by a short job on a node of each Slurm cluster");
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return doctor(context, flags->with_nodes, flags->json); });
}

}  // namespace mat
