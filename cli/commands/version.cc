#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/train.h"
#include "cli/commands/version_diff.h"
#include "cli/commands/version_logs.h"
#include "cli/commands/version_show.h"
#include "cli/commands/views.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/job_spec.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

int list(const Context& context, const std::string& job, const std::string& columns,
         const ListFlags& flags) {
  const ListOptions options = flags.options();
  Registry registry = context.open_to_read();
  const auto listing = registry.list_versions(job, options);
  std::vector<ExtraColumn> extra;
  if (!columns.empty()) {
    for (const std::string& field : split(columns, ',')) {
      const std::string name(trim(field));
      extra.push_back({name, registry.values_of(listing.rows, name)});
    }
  }
  if (flags.json) {
    Json rows = Json::array();
    for (std::size_t i = 0; i < listing.rows.size(); ++i) {
      rows.push_back(version_json(listing.rows[i]));
      for (const ExtraColumn& column : extra) rows.back()[column.field] = column.values[i];
    }
    print_json(list_document("versions", rows, listing.total, listing.total_is_exact));
    return 0;
  }
  print_list(version_table(listing.rows, extra), listing.total, "versions",
             "mat job create -f SPEC");
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "versions");
  return 0;
}

int modify(const Context& context, const std::string& reference,
           const std::vector<std::string>& assignments, bool dry_run, bool json) {
  const Settings changes = parse_assignments(assignments, fs::current_path());
  const VersionRecord parent = context.open_to_read().version(reference);
  const Settings recorded = with_source(settings_from_json(parent.settings), parent.reference());
  const JobSpec spec = resolve(merge(recorded, changes));
  if (spec.name != parent.job) {
    throw Error(ErrorKind::usage, "a modified version stays in its job",
                fmt::format("for another job: mat params save {} NAME, then mat job create "
                            "--params NAME --name {}",
                            parent.reference(), spec.name));
  }
  if (dry_run) return print_resolved(spec, json);
  return record_and_train(context, spec, fs::current_path(), parent.id, json);
}

int remove(const Context& context, const std::string& reference, bool yes, bool json) {
  if (reference.find('@') == std::string::npos) {
    throw Error(
        ErrorKind::usage, fmt::format("'{}' does not say which version to delete", reference),
        fmt::format("name it, as in {0}@V0001; the whole job: mat job delete {0}", reference));
  }
  Registry registry = context.open_to_write();
  const VersionRecord version = registry.version(reference);
  if (!confirmed(
          fmt::format("Delete {} and its files? They cannot be recovered.", version.reference()),
          yes)) {
    throw Error(ErrorKind::interrupted, "nothing was deleted");
  }
  const Deleted deleted = registry.delete_version(version.id);
  if (json) {
    print_json({{"deleted", version.reference()},
                {"versions", deleted.versions},
                {"bytes_freed", deleted.bytes}});
  } else {
    print(fmt::format("Deleted {}: {} freed\n", version.reference(), format_bytes(deleted.bytes)));
  }
  return 0;
}

struct Flags {
  ListFlags list;
  std::string job, columns, reference;
  std::vector<std::string> references, assignments;
  LogOptions log;
  bool all = false, dry_run = false, yes = false, json = false;
  std::int64_t limit = 20;
};

void add_reading_commands(CLI::App* group, Context& context, const std::shared_ptr<Flags>& flags) {
  CLI::App* command = group->add_subcommand("list", "List a job's versions, or those of all jobs");
  command->add_option("JOB", flags->job, "The job; all jobs by default");
  command->add_option("--columns", flags->columns, "Further columns: metrics, hyperparameters")
      ->type_name("FIELDS");
  flags->list.add_to(command);
  set_action(command, context,
             [&context, flags] { return list(context, flags->job, flags->columns, flags->list); });

  command = group->add_subcommand("show", "Show everything that is recorded of a version");
  command->add_option("REF", flags->reference, "JOB@V0003, JOB@best, JOB")->required();
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return show_version(context, flags->reference, flags->json); });

  command = group->add_subcommand("diff", "Compare versions: of a job, or of several jobs");
  command->add_option("REF", flags->references, "JOB; or JOB V1 V2 …; or REF REF …")->required();
  command->add_flag("--all", flags->all, "Also what does not differ");
  command->add_option("--limit", flags->limit, "Of a whole job: so many latest versions; 0: all")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return diff_versions(context, {flags->references, flags->all, flags->limit, flags->json});
  });

  command = group->add_subcommand("logs", "Print a version's log");
  command->add_option("REF", flags->log.reference, "JOB@V0003, JOB@best, JOB")->required();
  command->add_option("--tail", flags->log.tail, "Only the last N lines, with --grep that match")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command->add_option("--grep", flags->log.grep, "Only lines that match a regular expression")
      ->type_name("REGEX");
  command->add_flag("-f,--follow", flags->log.follow, "Go on until the version has ended");
  set_action(command, context, [&context, flags] { return print_log(context, flags->log); });
}

void add_changing_commands(CLI::App* group, Context& context, const std::shared_ptr<Flags>& flags) {
  CLI::App* command =
      group->add_subcommand("modify", "Train a new version from a version's settings");
  command->add_option("REF", flags->reference, "JOB@V0003, JOB@best, JOB")->required();
  command->add_option("--set", flags->assignments, "A changed setting, as lr=0.1; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command->add_flag("--dry-run", flags->dry_run, "Print the resolved spec and stop");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return modify(context, flags->reference, flags->assignments, flags->dry_run, flags->json);
  });

  command = group->add_subcommand("delete", "Delete a version and its files");
  command->add_option("REF", flags->reference, "JOB@V0003")->required();
  command->add_flag("-y,--yes", flags->yes, "Do not ask");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return remove(context, flags->reference, flags->yes, flags->json);
  });
}

}  // namespace

void add_version_commands(CLI::App& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "version", "Trainings of a job, numbered and comparable");
  add_reading_commands(group, context, flags);
  add_changing_commands(group, context, flags);
}

}  // namespace mat
