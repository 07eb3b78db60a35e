#include <fmt/core.h>

#include <cstdlib>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/machine.h"
#include "core/base/secrets.h"
#include "core/base/time.h"
#include "core/base/version.h"
#include "core/code/code_snapshot.h"
#include "core/code/git_facts.h"
#include "core/life/stop_request.h"
#include "core/pool/pools.h"
#include "core/registry/take_back.h"
#include "core/registry/version_folder.h"
#include "core/run/check_inputs.h"
#include "core/run/learnt_before.h"
#include "core/run/own_limit.h"
#include "core/run/run_environment.h"
#include "core/run/run_inputs.h"
#include "core/run/runner.h"
#include "core/slurm/submission.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// When the command began.
const double kBegan = monotonic_seconds();
constexpr const char* kDiffFile = "uncommitted.diff";

Json origin_facts(const std::vector<std::string>& command_line,
                  const std::vector<std::string>& environment, const Json& git) {
  std::error_code ignored;
  return {{"command_line", without_secrets(command_line)},
          {"environment", recorded_environment(environment)},
          {"working_directory", fs::current_path(ignored).string()},
          {"mat_version", mat_version()},
          {"git", git},
          {"host", host_facts()}};
}

// What a person has written into a file and not committed may be a secret of the job's.
void hide_values(std::string& text, const std::map<std::string, std::string>& environment) {
  constexpr std::size_t kShortest = 4;  // what is shorter stands everywhere
  for (const auto& [name, value] : environment) {
    if (!is_secret_name(name) || value.size() < kShortest) continue;
    for (std::size_t at = text.find(value); at != text.npos; at = text.find(value, at)) {
      text.replace(at, value.size(), kHiddenValue);
      at += std::string_view(kHiddenValue).size();
    }
  }
}

struct Origin {
  NewVersion version;
  std::string diff;  // uncommitted changes
  std::vector<std::string> environment;
};

Origin origin_of(Registry& registry, const JobSpec& spec,
                 const std::vector<std::string>& command_line, const fs::path& spec_folder,
                 std::optional<Id> parent) {
  Origin origin;
  Json git = git_facts(spec_folder);
  if (git.is_object() && git.contains("diff")) {
    if (git["diff"].is_string()) origin.diff = git["diff"].get<std::string>();
    hide_values(origin.diff, spec.environment);
    git.erase("diff");
    if (!origin.diff.empty()) git["diff_file"] = kDiffFile;
  }
  origin.environment = environment_with(spec.environment);
  NewVersion& version = origin.version;
  version.job = spec.name;
  version.job_description = spec.description;
  version.experiment = spec.experiment;
  version.experiment_description = spec.experiment_description;
  version.algorithm = spec.algorithm;
  version.settings = to_json(spec.settings);
  version.facts = origin_facts(command_line, origin.environment, git);
  if (spec.definition.command) version.facts["algorithm"] = to_json(spec.definition);
  if (Json datasets = dataset_facts(registry, spec); !datasets.empty()) {
    version.facts["datasets"] = std::move(datasets);
  }
  if (const std::int64_t learnt = learnt_before(registry.home(), spec); learnt > 0) {
    version.facts["validated_on_learnt"] = learnt;
  }
  if (spec.hyperparameters.contains(kOwnLimit)) {
    version.facts[kPreparedSeconds] = monotonic_seconds() - kBegan;
  }
  version.facts["spec_folder"] = spec_folder.string();
  version.parent = parent;
  return origin;
}

void write_origin(const Origin& origin, const fs::path& folder) {
  if (!origin.diff.empty()) {
    // Other secrets may be in it.
    write_file_unsynced(folder / kDiffFile, origin.diff, 0600);
  }
  write_run_environment(folder, origin.environment);
}

// Whether somebody has stopped it meanwhile, and maybe deleted it.
bool has_been_ended(Registry& registry, Id version) {
  try {
    return !is_active(registry.version(version).status);
  } catch (const Error& e) {
    return e.kind() == ErrorKind::not_found;
  }
}

[[noreturn]] void throw_ended(const std::string& reference) {
  throw Error(ErrorKind::conflict, fmt::format("{} has been ended by another process", reference));
}

// The way back when a version could not be recorded whole. Where even that fails, it stands there
// as Failed, with the reason.
void forget_version(Registry& registry, Id version, const std::string& reason) {
  try {
    registry.change_status(version, {Status::initializing}, Status::failed, reason);
    take_back_version(registry.home(), version);
  } catch (const Error&) {
    return;
  }
}

// A secret is taken from the process's own variable of its name.
JobSpec resolve_recorded(const VersionRecord& version, const Settings& changes) {
  SpecLookup lookup = recorded_lookup(version.facts);
  lookup.find_secret = [reference = version.reference()](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: the value of environment.{} is secret and was not recorded",
                              reference, name),
                  fmt::format("set the variable {} where mat runs", name));
    }
    return std::optional<std::string>(value);
  };
  // One that it has had before may be over.
  if (changes.contains("auto_stop")) lookup.now_ms = now_ms();
  return resolve(merge(settings_from_json(version.settings), changes), lookup);
}

// Of how a version runs, which may be otherwise when it goes on.
bool may_change(const std::string& key) {
  return key.starts_with("resources.") || key == "auto_stop" || key == "auto_restart" ||
         key == "priority";
}

void check_changes(const VersionRecord& version, const Settings& changes) {
  constexpr std::string_view kHyperparameter = "hyperparameters.";
  for (const auto& [key, setting] : changes) {
    if (may_change(key)) continue;
    const std::string bare = key.substr(key.starts_with(kHyperparameter) ? 16 : 0);
    const bool is_resource = version.settings.contains("resources." + bare);
    throw Error(ErrorKind::usage,
                fmt::format("{} goes on with the {} that it has", version.reference(), key),
                is_resource
                    ? fmt::format("did you mean resources.{}?", bare)
                    : fmt::format("resources, auto_stop, auto_restart and priority may be others; "
                                  "to train anew: mat version modify {} --set {}=…",
                                  version.reference(), bare));
  }
}

// "goes on with resources.nodes=1, auto_stop=4h"
std::string words_for(const Settings& changes) {
  std::string words;
  for (const auto& [key, setting] : changes) {
    words += fmt::format(
        "{}{}={}", words.empty() ? "goes on with " : ", ", key,
        setting.value.is_string() ? setting.value.get<std::string>() : to_json_text(setting.value));
  }
  return words;
}

// Of a version that is recorded; the pool may be gone since.
Pool pool_of(Registry& registry, const JobSpec& spec, const std::string& reference) {
  try {
    return find_pool(registry, spec.resources.pool);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::not_found) throw;
    throw Error(ErrorKind::not_found, fmt::format("{}: {}", reference, e.message()),
                fmt::format("to go on in another one: mat version resume {} --set "
                            "resources.pool={}",
                            reference, kPublicPool));
  }
}

}  // namespace

HeldVersion record_version(Registry& registry, const JobSpec& spec,
                           const std::vector<std::string>& command_line,
                           const fs::path& spec_folder, std::optional<Id> parent) {
  const Origin origin = origin_of(registry, spec, command_line, spec_folder, parent);
  VersionRecord record = registry.create_version(origin.version, to_yaml(spec));
  const fs::path folder = registry.home().version_folder(record.job, record.number);
  try {
    HeldVersion held{record, spec, VersionLock::acquire(folder), {}, {}, {}};
    write_origin(origin, folder);
    if (const auto& command = spec.definition.command; command && !command->code.empty()) {
      SnapshotLimits limits;
      limits.bytes = command->code_limit_bytes;
      held.version.facts["code"] =
          snapshot_code(command->code, packed_code(folder), limits, {registry.home().root});
      registry.set_facts(record.id, {{"code", held.version.facts["code"]}});
    }
    return held;
  } catch (const Error& e) {
    if (has_been_ended(registry, record.id)) throw_ended(record.reference());
    forget_version(registry, record.id, e.message());
    throw;
  }
}

HeldVersion record_pending(Registry& registry, const JobSpec& spec,
                           const std::vector<std::string>& command_line,
                           const fs::path& spec_folder, std::optional<Id> parent,
                           const Submission& submission, const std::function<void()>& before) {
  const Origin origin = origin_of(registry, spec, command_line, spec_folder, parent);
  before();
  std::optional<VersionLock> lock;
  VersionRecord record = registry.create_pending(origin.version, to_yaml(spec), submission,
                                                 [&](const fs::path& folder) {
                                                   lock = VersionLock::acquire(folder);
                                                   write_origin(origin, folder);
                                                 });
  return {std::move(record), spec, std::move(lock), {}, {}, {}};
}

HeldVersion hold_to_run(Registry& registry, Id id) {
  VersionRecord version = registry.version(id);
  VersionLock lock =
      VersionLock::acquire(registry.home().version_folder(version.job, version.number));
  JobSpec spec = resolve_recorded(version, {});
  return {std::move(version), std::move(spec), std::move(lock), {}, {}, {}};
}

HeldVersion hold_to_resume(Registry& registry, const std::string& reference,
                           const Settings& changes) {
  const VersionRecord before = registry.version(reference);
  if (before.status == Status::completed || is_active(before.status)) {
    throw Error(ErrorKind::conflict,
                fmt::format("{} is {}", before.reference(), name_of(before.status)),
                before.status == Status::completed
                    ? fmt::format("to train on with other settings: mat version modify {} --set {}",
                                  before.reference(),
                                  before.settings.contains("hyperparameters.epochs") ? "epochs=N"
                                                                                     : "KEY=VALUE")
                    : "it goes on by itself");
  }
  check_changes(before, changes);
  VersionLock lock =
      VersionLock::acquire(registry.home().version_folder(before.job, before.number));
  // From now on nobody else changes it.
  VersionRecord version = registry.version(before.id);
  if (is_active(version.status)) {
    throw Error(ErrorKind::conflict,
                fmt::format("{} is {}", before.reference(), name_of(version.status)));
  }
  JobSpec spec = resolve_recorded(version, changes);
  HeldVersion held{std::move(version), std::move(spec), std::move(lock), {}, {}, {}};
  const auto& command = held.spec.definition.command;
  if (command && !command->code.empty() && !before.facts.contains("code")) {
    throw Error(
        ErrorKind::conflict,
        fmt::format("the code of {} has not been copied whole", before.reference()),
        fmt::format("train anew from its settings: mat version modify {}", before.reference()));
  }
  const fs::path folder = registry.home().version_folder(held.version.job, held.version.number);
  // It goes on with its own copy of the code.
  JobSpec with_copy = held.spec;
  with_copy.settings = with_source(held.spec.settings, before.reference());
  if (command && !command->code.empty()) {
    restore_code(folder, before.facts);
    with_copy.definition.command->code = code_folder(folder).string();
  }
  check_inputs(registry.home(), with_copy);
  // What a cluster's nodes can write, only they know.
  const Pool pool = pool_of(registry, with_copy, before.reference());
  if (!pool.slurm) check_targets(with_copy);
  check_nodes_fit(held.spec, pool, needs_of(held.spec, pool));
  if (!changes.empty()) {
    if (pool.slurm) {
      held.former = {held.version.settings, read_file_if_exists(folder / kSpecFile).value_or("")};
    }
    held.version.settings = to_json(held.spec.settings);
    held.changed = {held.version.settings, to_yaml(held.spec)};
    held.why = words_for(changes);
  }
  // A job that Slurm has after all, though it said nothing of it, finds that it is not wanted.
  if (!pool.slurm) withdraw_submission(folder);
  withdraw_stop(folder);
  write_run_environment(folder, environment_with(held.spec.environment));
  return held;
}

}  // namespace mat
