#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include "cli/commands/commands.h"
#include "cli/commands/spec_lookup.h"
#include "cli/commands/train.h"
#include "cli/commands/version_diff.h"
#include "cli/commands/version_logs.h"
#include "cli/commands/version_plot.h"
#include "cli/commands/version_show.h"
#include "cli/commands/version_watch.h"
#include "cli/commands/views.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/life/live_progress.h"
#include "core/run/stop_version.h"
#include "core/spec/job_spec.h"
#include "core/spec/problems.h"
#include "core/visualization/dead_visualizations.h"

namespace mat {
namespace {

// The latest loss and validation metric of a version that is running; null for others, and for one
// that has told nothing yet.
Json live_metrics(const Home& home, const VersionSummary& version) {
  if (version.status != Status::running) return nullptr;
  const Json progress = read_progress(home.version_folder(version.job, version.number));
  if (!progress.is_object()) return nullptr;
  Json metrics = Json::object();
  const auto add = [&](const std::string& name, const Json& value) {
    if (!name.empty() && value.is_number()) metrics[name] = value;
  };
  add("loss", progress.value("loss", Json()));
  const Json name = progress.value("metric_name", Json());
  if (name.is_string()) add(name.get<std::string>(), progress.value("metric", Json()));
  return metrics.empty() ? Json(nullptr) : metrics;
}

void fill_from(const Json& live, VersionSummary& version) {
  if (!live.is_object()) return;
  const auto fill = [&](const char* name, std::optional<double>& value) {
    if (!value && live.contains(name)) value = live[name].get<double>();
  };
  fill("accuracy", version.accuracy);
  fill("precision", version.precision);
  fill("recall", version.recall);
  fill("f1", version.f1);
}

int list(const Context& context, const std::string& job, const std::string& columns,
         const ListFlags& flags) {
  const ListOptions options = flags.options();
  Registry registry = context.open_to_read();
  auto listing = registry.list_versions(job, options);
  std::vector<ExtraColumn> extra;
  if (!columns.empty()) {
    for (const std::string& field : split(columns, ',')) {
      const std::string name(trim(field));
      extra.push_back({name, registry.values_of(listing.rows, name)});
    }
  }
  std::vector<Json> live;
  for (const VersionSummary& row : listing.rows) live.push_back(live_metrics(registry.home(), row));
  if (flags.json) {
    Json rows = Json::array();
    for (std::size_t i = 0; i < listing.rows.size(); ++i) {
      rows.push_back(version_json(listing.rows[i]));
      if (!live[i].is_null()) rows.back()["live"] = live[i];
      if (extra.empty()) continue;
      Json& columns = rows.back()["columns"] = Json::object();
      for (const ExtraColumn& column : extra) columns[column.field] = json_of(column.values, i);
    }
    print_json(list_document("versions", rows, listing.total, listing.total_is_exact));
    return 0;
  }
  // What has no result yet shows how it stands.
  for (std::size_t i = 0; i < listing.rows.size(); ++i) fill_from(live[i], listing.rows[i]);
  for (ExtraColumn& column : extra) {
    for (std::size_t i = 0; i < live.size(); ++i) {
      Json& value = column.values.values[i];
      if (value.is_null() && live[i].is_object()) value = live[i].value(column.field, Json());
    }
  }
  print_list(version_table(listing.rows, extra, job.empty(), deviations_of(registry, listing.rows)),
             listing.total, "versions", "mat job create -f SPEC", flags.filter);
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "versions", flags.offset);
  return 0;
}

int modify(const Context& context, const std::string& reference,
           const std::vector<std::string>& assignments, const TrainFlags& flags) {
  Problems problems;
  const Settings changes = parse_assignments(assignments, working_folder(), problems);
  const VersionRecord parent = context.open_to_read().version(reference);
  const Settings recorded = with_source(settings_from_json(parent.settings), parent.reference());
  const JobSpec spec =
      resolve(merge(recorded, changes), spec_lookup(context, parent.facts), problems);
  if (spec.name != parent.job) {
    throw Error(ErrorKind::usage, "a modified version stays in its job",
                fmt::format("for another job: mat params save {} NAME, then mat job create "
                            "--params NAME --name {}",
                            parent.reference(), spec.name));
  }
  return train(context, spec, parent.facts.value("spec_folder", working_folder().string()),
               parent.id, flags);
}

// Ended, or asked to end at the end of its batch.
Json stopped_json(const VersionRecord& version) {
  return {{"reference", version.reference()},
          {"status", name_of(version.status)},
          {"reason", version.status_reason}};
}

// A word to whoever waits for long.
VersionRecord wait_for_stop(Registry& registry, const VersionRecord& version, bool force,
                            double wait_s) {
  constexpr double kSilentSeconds = 10;
  if (wait_s >= 0 && wait_s <= kSilentSeconds) return wait_for_end(registry, version.id, wait_s);
  VersionRecord found = wait_for_end(registry, version.id, kSilentSeconds);
  if (!is_active(found.status)) return found;
  note(fmt::format("{} is still {}{}", found.reference(), name_of(found.status),
                   force ? "" : "; it ends with its batch, and --force ends it at once"));
  return wait_for_end(registry, version.id, wait_s < 0 ? wait_s : wait_s - kSilentSeconds);
}

int stop(const Context& context, const std::vector<std::string>& references, bool force,
         double wait_s, bool json) {
  Registry registry = context.open_to_change();
  std::vector<VersionRecord> versions;
  for (const std::string& reference : references) versions.push_back(registry.version(reference));
  // One that cannot be stopped must not keep the others running.
  std::vector<Error> refusals;
  std::set<Id> refused;
  for (VersionRecord& version : versions) {
    try {
      stop_version(registry, version, force);
    } catch (const Error& e) {
      refusals.push_back(e);
      refused.insert(version.id);
    }
  }
  Json documents = Json::array();
  for (VersionRecord& version : versions) {
    version = wait_for_stop(registry, version, force, refused.contains(version.id) ? 0 : wait_s);
    documents.push_back(stopped_json(version));
    if (!json) {
      print(fmt::format(
          "{}  {}\n", version.reference(),
          styled(name_of(version.status), style_of(version.status), stdout_has_colour())));
    }
    if (is_active(version.status) && wait_s > 0 && !refused.contains(version.id)) {
      refusals.emplace_back(
          ErrorKind::conflict,
          fmt::format("{} is still {}", version.reference(), name_of(version.status)),
          force ? ""
                : fmt::format(
                      "it ends with its batch; to end it at once: mat version stop --force {}",
                      version.reference()));
    }
  }
  if (json) print_json(references.size() == 1 ? documents[0] : Json{{"versions", documents}});
  if (refusals.empty()) return 0;
  std::string messages;
  for (const Error& refusal : refusals) {
    messages += (messages.empty() ? "" : "\n") + refusal.message();
  }
  finish_output();
  throw Error(refusals.front().kind(), messages, refusals.front().hint());
}

int wait(const Context& context, const std::vector<std::string>& references, double limit_s,
         bool json) {
  Registry registry = context.open_to_read();
  std::vector<VersionRecord> versions;
  for (const std::string& reference : references) versions.push_back(registry.version(reference));
  const double begin_s = monotonic_seconds();
  int code = 0;
  Json documents = Json::array();
  for (VersionRecord& version : versions) {
    const double left_s = limit_s < 0 ? -1 : std::max(0.0, limit_s + begin_s - monotonic_seconds());
    version = wait_for_end(registry, version.id, left_s);
    if (is_active(version.status)) {
      throw Error(ErrorKind::conflict,
                  fmt::format("{} is still {} after {}", version.reference(),
                              name_of(version.status), format_duration(limit_s)));
    }
    if (code == 0) code = result_code(version);
    documents.push_back(version_json(version));
    if (json) continue;
    print(
        fmt::format("{}  {}{}\n", version.reference(),
                    styled(name_of(version.status), style_of(version.status), stdout_has_colour()),
                    version.status_reason.empty() ? "" : "  " + printable(version.status_reason)));
    finish_output();
  }
  if (json) print_json(references.size() == 1 ? documents[0] : Json{{"versions", documents}});
  return code;
}

int remove(const Context& context, const std::string& reference, bool yes, bool json) {
  if (reference.find('@') == std::string::npos) {
    throw Error(
        ErrorKind::usage, fmt::format("'{}' does not say which version to delete", reference),
        fmt::format("name it, as in {0}@V0001; the whole job: mat job delete {0}", reference));
  }
  Registry registry = context.open_to_change();
  const VersionRecord version = registry.version(reference);
  if (!confirmed(
          fmt::format("Delete {} and its files? They cannot be recovered.", version.reference()),
          yes)) {
    throw Error(ErrorKind::interrupted, "nothing was deleted");
  }
  // One that was killed shows it no more.
  notice_dead_visualizations(registry);
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

double timeout_of(const std::string& text) {
  if (text.empty()) return -1;
  // Only a look.
  if (text == "0") return 0;
  if (const auto seconds = parse_duration(text)) return *seconds;
  throw Error(ErrorKind::usage, fmt::format("'{}' is no duration", text),
              "write it like 90 (seconds), 30m or 4h");
}

struct Flags {
  ListFlags list;
  std::string job, columns, reference;
  std::vector<std::string> references, assignments;
  LogOptions log;
  TrainFlags train;
  bool all = false, force = false, no_wait = false, yes = false, json = false;
  std::int64_t limit = 20;
  std::string timeout;
};

void add_reading_commands(CLI::App* group, Context& context, const std::shared_ptr<Flags>& flags) {
  CLI::App* command = group->add_subcommand("list", "List a job's versions, or those of all jobs");
  command->add_option("JOB", flags->job, "The job; all jobs by default");
  command->add_option("--columns", flags->columns, "Further columns: metrics, hyperparameters")
      ->type_name("FIELDS");
  flags->list.add_to(command, "accuracy > 0.9 and lr < 0.1");
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
      ->check(whole_number_from(0))
      ->capture_default_str();
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return diff_versions(context, {flags->references, flags->all, flags->limit, flags->json});
  });

  command = group->add_subcommand("logs", "Print a version's log");
  command->add_option("REF", flags->log.reference, "JOB@V0003, JOB@best, JOB")->required();
  command->add_option("--tail", flags->log.tail, "Only the last N lines, with --grep that match")
      ->type_name("N")
      ->check(whole_number_from(1));
  command->add_option("--grep", flags->log.grep, "Only lines that match a regular expression")
      ->type_name("REGEX");
  command->add_option("--node", flags->log.node, "Of a training of several nodes, that of node K")
      ->type_name("K")
      ->check(whole_number_from(0));
  command->add_flag("-f,--follow", flags->log.follow, "Go on until the version has ended");
  add_json_flag(command, flags->log.json);
  set_action(command, context, [&context, flags] { return print_log(context, flags->log); });
  add_version_plot(group, context);
  add_version_watch(group, context);
}

constexpr double kStopPatienceSeconds = 30;

void add_living_commands(CLI::App* group, Context& context, const std::shared_ptr<Flags>& flags) {
  CLI::App* command = group->add_subcommand(
      "stop", "End versions, keeping what they have; a second time kills them");
  command->add_option("REF", flags->references, "JOB@V0003 …")->required();
  command->add_flag("--force", flags->force, "Kill at once, without saving");
  command->add_flag("--no-wait", flags->no_wait, "Do not wait for the end");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return stop(context, flags->references, flags->force, flags->no_wait ? 0 : kStopPatienceSeconds,
                flags->json);
  });

  command = group->add_subcommand("wait", "Wait until versions have ended; exit with their code");
  command->add_option("REF", flags->references, "JOB@V0003 …")->required();
  command->add_option("--timeout", flags->timeout, "At most so long, like 30m; then exit code 4")
      ->type_name("TIME");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return wait(context, flags->references, timeout_of(flags->timeout), flags->json);
  });
}

void add_changing_commands(CLI::App* group, Context& context, const std::shared_ptr<Flags>& flags) {
  CLI::App* command =
      group->add_subcommand("modify", "Train a new version from a version's settings");
  command->add_option("REF", flags->reference, "JOB@V0003, JOB@best, JOB")->required();
  command->add_option("--set", flags->assignments, "A changed setting, as lr=0.1; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  flags->train.add_to(command);
  set_action(command, context, [&context, flags] {
    return modify(context, flags->reference, flags->assignments, flags->train);
  });

  command =
      group->add_subcommand("resume", "Let a version that has ended go on from its checkpoint");
  command->add_option("REF", flags->reference, "JOB@V0003, JOB")->required();
  command
      ->add_option("--set", flags->assignments,
                   "How it goes on, as resources.nodes=2: resources, auto_stop, auto_restart, "
                   "priority; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  flags->train.add_to(command, TrainFlags::Kind::existing);
  set_action(command, context, [&context, flags] {
    return resume(context, flags->reference, flags->assignments, flags->train);
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
  add_living_commands(group, context, flags);
  add_changing_commands(group, context, flags);
}

}  // namespace mat
