#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/spec_lookup.h"
#include "cli/commands/train.h"
#include "cli/commands/views.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/spec/job_spec.h"
#include "core/spec/problems.h"
#include "core/visualization/dead_visualizations.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kVersionsInShow = 5;

struct CreateFlags {
  std::string file, name, params;
  std::vector<std::string> assignments;
  std::optional<int> priority;
  TrainFlags train;
};

fs::path folder_of(const std::string& file) {
  return file.empty() ? working_folder() : folder_of_spec(file);
}

// The layers of precedence, lowest first; resolve() puts the algorithm's defaults below them.
Settings layered_settings(const Context& context, const CreateFlags& flags, Problems& problems) {
  Settings settings;
  if (!flags.params.empty()) {
    Registry registry(context.home(), Registry::Mode::read);
    settings = with_source(settings_from_json(registry.params(flags.params).settings),
                           "params " + flags.params);
  }
  if (!flags.file.empty()) settings = merge(settings, read_spec_file(flags.file, problems));
  if (flags.priority) {
    settings =
        merge(settings, parse_assignments({fmt::format("priority={}", *flags.priority)}, {}));
  }
  settings = merge(settings, parse_assignments(flags.assignments, working_folder(), problems));
  if (!flags.name.empty()) {
    Setting& name = settings["name"];
    name = Setting();
    name.value = flags.name;
    name.source = "--name";
  }
  return settings;
}

int create(const Context& context, const CreateFlags& flags) {
  if (flags.file.empty() && flags.params.empty()) {
    throw Error(ErrorKind::usage, "nothing says what to train",
                "give a spec with -f SPEC, or a saved configuration with --params NAME --name JOB");
  }
  Problems problems;
  const Settings settings = layered_settings(context, flags, problems);
  const JobSpec spec = resolve(settings, spec_lookup(context), problems);
  return train(context, spec, folder_of(flags.file), std::nullopt, flags.train);
}

int validate(const Context& context, const std::string& file, bool json) {
  Problems problems;
  const Settings settings = read_spec_file(file, problems);
  const JobSpec spec = resolve(settings, spec_lookup(context), problems);
  check_new_version(context, spec);
  if (json) {
    print_json({{"valid", true}, {"name", spec.name}, {"algorithm", spec.algorithm}});
  } else {
    print(fmt::format("{} is valid: job {}, algorithm {}\n", printable(file), spec.name,
                      spec.algorithm));
  }
  return 0;
}

int list(const Context& context, const ListFlags& flags) {
  const ListOptions options = flags.options();
  Registry registry = context.open_to_read();
  const auto listing = registry.list_jobs(options);
  if (flags.json) {
    Json rows = Json::array();
    for (const JobRecord& job : listing.rows) rows.push_back(job_json(job));
    print_json(list_document("jobs", rows, listing.total, listing.total_is_exact));
    return 0;
  }
  print_list(job_table(listing.rows), listing.total, "jobs", "mat job create -f SPEC",
             flags.filter);
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "jobs", flags.offset);
  return 0;
}

int show(const Context& context, const std::string& name, bool json) {
  Registry registry = context.open_to_read();
  const JobRecord job = registry.job(name);
  ListOptions options;
  options.limit = kVersionsInShow;
  const auto versions = registry.list_versions(name, options);
  if (json) {
    Json document = job_json(job);
    document["latest_versions"] = Json::array();
    for (const auto& v : versions.rows) document["latest_versions"].push_back(version_json(v));
    print_json(document);
    return 0;
  }
  print_fields({{"job", job.name},
                {"description", job.description},
                {"experiment", job.experiment},
                {"created", local_text(job.created_ms)},
                {"versions", std::to_string(job.version_count)},
                {"best accuracy", metric_text(job.best_accuracy)}});
  if (!versions.rows.empty()) {
    const auto deviations = deviations_of(registry, versions.rows);
    print("\n" + version_table(versions.rows, {}, false, deviations).text());
  }
  if (job.version_count > kVersionsInShow) note(fmt::format("all: mat version list {}", name));
  return 0;
}

int remove(const Context& context, const std::string& name, bool yes, bool json) {
  if (name.find('@') != std::string::npos) {
    throw Error(ErrorKind::usage, fmt::format("'{}' names a version, not a job", name),
                fmt::format("mat version delete {}", name));
  }
  Registry registry = context.open_to_change();
  const JobRecord job = registry.job(name);
  if (!confirmed(fmt::format("Delete the job {} and its files ({})? They cannot be recovered.",
                             name, counted(job.version_count, "version")),
                 yes)) {
    throw Error(ErrorKind::interrupted, "nothing was deleted");
  }
  // One that was killed shows it no more.
  notice_dead_visualizations(registry);
  const Deleted deleted = registry.delete_job(name);
  for (const fs::path& path : deleted.kept) {
    note(fmt::format("kept, since it is of no recorded version: {}", printable(path.string())));
  }
  if (json) {
    Json kept = Json::array();
    for (const fs::path& path : deleted.kept) kept.push_back(path.string());
    print_json({{"deleted", name},
                {"versions", deleted.versions},
                {"bytes_freed", deleted.bytes},
                {"kept", kept}});
  } else {
    print(fmt::format("Deleted the job {}: {}, {} freed\n", name,
                      counted(deleted.versions, "version"), format_bytes(deleted.bytes)));
  }
  return 0;
}

}  // namespace

void add_job_commands(CLI::App& app, Context& context) {
  struct Flags {
    CreateFlags create;
    ListFlags list;
    std::string name, file;
    bool yes = false, json = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "job", "Training jobs");

  CLI::App* command =
      group->add_subcommand("create", "Train from a spec; an existing job gets its next version");
  command->add_option("-f,--file", flags->create.file, "The job spec, a YAML file; - for stdin")
      ->type_name("SPEC");
  command->add_option("--name", flags->create.name, "The job's name, instead of the spec's")
      ->type_name("JOB");
  command->add_option("--params", flags->create.params, "A saved parameter configuration")
      ->type_name("NAME");
  command
      ->add_option("--set", flags->create.assignments,
                   "A setting: hyperparameters.lr=0.1, or lr=0.1; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--priority", flags->create.priority,
                   "Start before versions of lower priority; short for --set priority=N")
      ->type_name("N");
  flags->create.train.add_to(command);
  command->footer("Precedence: algorithm's default < --params < spec < --set.");
  set_action(command, context, [&context, flags] { return create(context, flags->create); });

  command = group->add_subcommand("list", "List jobs");
  flags->list.add_to(command, "status = Completed and accuracy > 0.9");
  set_action(command, context, [&context, flags] { return list(context, flags->list); });

  command = group->add_subcommand("show", "Show a job and its latest versions");
  command->add_option("JOB", flags->name, "The job")->required();
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return show(context, flags->name, flags->json); });

  command = group->add_subcommand("delete", "Delete a job, its versions and their files");
  command->add_option("JOB", flags->name, "The job")->required();
  command->add_flag("-y,--yes", flags->yes, "Do not ask");
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return remove(context, flags->name, flags->yes, flags->json); });

  command = group->add_subcommand("validate", "Check a spec and its data without training");
  command->add_option("-f,--file", flags->file, "The job spec, a YAML file; - for stdin")
      ->type_name("SPEC")
      ->required();
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return validate(context, flags->file, flags->json); });
}

}  // namespace mat
