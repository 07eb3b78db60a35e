#include "cli/commands/train.h"

#include <fmt/core.h>

#include <functional>

#include "cli/commands/commands.h"
#include "cli/commands/spec_lookup.h"
#include "cli/commands/views.h"
#include "cli/output/progress_bar.h"
#include "cli/signals.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/life/stop_request.h"
#include "core/pool/pools.h"
#include "core/run/check_inputs.h"
#include "core/run/follow_version.h"
#include "core/run/runner.h"
#include "core/run/slurm_launch.h"
#include "core/training/log_file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

void print_results(Registry& registry, const VersionRecord& version) {
  std::vector<std::pair<std::string, Cell>> fields;
  for (const auto& [name, summary] : version.metrics) {
    const bool is_of_training = name == "lr" || name.rfind("train_", 0) == 0 ||
                                name.find("_per_second") != std::string::npos;
    if (is_of_training || is_deviation(version, name)) continue;
    fields.emplace_back("  " + name, metric_text(summary.best, deviation_of(version, name)));
  }
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  std::error_code ignored;
  if (fs::exists(folder / "output" / "best.safetensors", ignored)) {
    fields.emplace_back("  weights", (folder / "output" / "best.safetensors").string());
  }
  const std::string status =
      styled(name_of(version.status), style_of(version.status), stdout_has_colour());
  const std::string time =
      version.started_ms ? fmt::format(" in {}", format_duration(duration_s(version))) : "";
  print(fmt::format("{}  {}{}\n", version.reference(), status, time));
  print_fields(fields);
}

void print_version_or_json(Registry& registry, const VersionRecord& version, bool json) {
  if (json) {
    print_json(version_json(version));
  } else {
    print_results(registry, version);
  }
  finish_output();
}

const char* unit_of(const Algorithm& algorithm) {
  switch (algorithm.task) {
    case Task::image_classification:
      return "images";
    case Task::tabular:
      return "rows";
    case Task::command:
      return "samples";
  }
  return "samples";
}

// Runs or follows it, showing what there is to see.
using Run = std::function<RunResult(const RunDisplay& display)>;

int watch_to_its_end(Registry& registry, const VersionRecord& started, const Algorithm& algorithm,
                     bool json, const Run& run) {
  const std::string reference = started.reference();
  note(fmt::format("{} trains {} (stop with Ctrl-C)", reference, started.algorithm));
  const fs::path folder = registry.home().version_folder(started.job, started.number);
  SignalsAsStop::on_second_interrupt(stop_request_path(folder).string(),
                                     "killed by a second Ctrl-C\n");
  ProgressBar bar(unit_of(algorithm));
  RunDisplay display;
  display.progress = [&bar](const Progress& p) { bar.show(p); };
  display.phase = [&bar](std::string_view what, std::int64_t done, std::int64_t total) {
    bar.show(what, done, total);
  };
  display.log = [&bar](std::string_view line) { bar.log(line); };
  display.output = [&bar](std::string_view bytes) { bar.output(bytes); };
  display.waiting = [&reference](std::string_view for_what) {
    if (!for_what.empty()) note(fmt::format("{} waits for {}", reference, for_what));
  };
  const RunResult result = run(display);
  bar.finish();

  const VersionRecord version = registry.version(started.id);
  print_version_or_json(registry, version, json);
  if (result.status == Status::failed) {
    const std::string log = fmt::format("the log: mat version logs {}", reference);
    throw Error(result.error, fmt::format("{} failed: {}", reference, result.reason),
                result.hint.empty() ? log : result.hint + "\n" + log);
  }
  if (!result.reason.empty()) note(fmt::format("{}: {}", reference, result.reason));
  const bool was_interrupted =
      result.status == Status::terminated && SignalsAsStop::was_interrupted();
  return was_interrupted ? static_cast<int>(ErrorKind::interrupted) : exit_code_of(result);
}

int run_in_foreground(Registry& registry, const HeldVersion& held, bool json) {
  return watch_to_its_end(registry, held.version, held.spec.definition, json,
                          [&](const RunDisplay& display) {
                            return run_version(registry, held, display, SignalsAsStop::reason);
                          });
}

std::uint64_t log_bytes(const Home& home, const VersionRecord& version) {
  std::error_code error;
  const auto bytes =
      fs::file_size(home.version_folder(version.job, version.number) / kLogName, error);
  return error ? 0 : bytes;
}

int print_detached(Registry& registry, const VersionRecord& version, bool json) {
  if (json) {
    print_json(version_json(registry.version(version.id)));
  } else {
    print(version.reference() + "\n");
    note(
        fmt::format("it runs in the background; mat version logs -f {0}, mat version wait {0}, "
                    "mat version stop {0}",
                    version.reference()));
  }
  return 0;
}

// On a Slurm cluster, which has nothing to do with this process.
int run_in_slurm(Registry& registry, HeldVersion held, const Pool& pool, const TrainFlags& flags) {
  const VersionRecord version = held.version;
  const Algorithm algorithm = held.spec.definition;
  const std::uint64_t logged = log_bytes(registry.home(), version);
  submit_to_slurm(registry, std::move(held), pool);
  if (flags.detach) return print_detached(registry, version, flags.json);
  SignalsAsStop::leave_on_hangup();
  return watch_to_its_end(registry, version, algorithm, flags.json, [&](const RunDisplay& display) {
    return follow_version(registry, version.id, logged, display, SignalsAsStop::reason);
  });
}

int print_resolved(const JobSpec& spec, bool json) {
  if (json) {
    print_json(to_json(spec.settings));
  } else {
    print(to_yaml(spec, true));
  }
  return 0;
}

}  // namespace

void TrainFlags::add_to(CLI::App* command, Kind kind) {
  command->add_flag("-d,--detach", detach, "Train in the background; print the reference at once");
  if (kind == Kind::new_version) {
    command->add_flag("--dry-run", dry_run, "Check it, print the resolved spec and stop");
  }
  add_json_flag(command, json);
}

void check_new_version(const Context& context, const JobSpec& spec, bool in_no_time) {
  in_no_time ? check_places(context.home(), spec) : check_inputs(context.home(), spec);
  check_code(context.home(), spec);
  Registry registry = context.open_to_read();
  check_pool(registry, spec);
  // What a cluster's nodes can write, only they know.
  if (!find_pool(registry, spec.resources.pool).slurm) check_targets(spec);
}

int train(const Context& context, const JobSpec& spec, const fs::path& spec_folder,
          std::optional<Id> parent, const TrainFlags& flags) {
  check_new_version(context, spec, flags.knows_data || (flags.detach && !flags.dry_run));
  if (flags.dry_run) return print_resolved(spec, flags.json);
  Registry registry = context.open_to_write();
  const SignalsAsStop signals;
  const Pool pool = find_pool(registry, spec.resources.pool);
  const std::vector<std::string>& words = context.arguments;
  if (pool.slurm) {
    return run_in_slurm(registry, record_version(registry, spec, words, spec_folder, parent), pool,
                        flags);
  }
  if (flags.detach) {
    const auto version = record_and_detach(registry, spec, words, spec_folder, parent);
    return print_detached(registry, version, flags.json);
  }
  const auto held = record_and_submit(registry, spec, words, spec_folder, parent);
  return run_in_foreground(registry, held, flags.json);
}

int resume(const Context& context, const std::string& reference,
           const std::vector<std::string>& assignments, const TrainFlags& flags) {
  const Settings changes = parse_assignments(assignments, working_folder());
  Registry registry = context.open_to_change();
  const SignalsAsStop signals;
  HeldVersion held = hold_to_resume(registry, reference, changes);
  const Pool pool = find_pool(registry, held.spec.resources.pool);
  if (pool.slurm) return run_in_slurm(registry, std::move(held), pool, flags);
  if (flags.detach) {
    const VersionRecord version = held.version;
    submit_detached(registry, std::move(held));
    return print_detached(registry, version, flags.json);
  }
  submit_version(registry, held);
  return run_in_foreground(registry, held, flags.json);
}

}  // namespace mat
