#include "core/run/runner.h"

#include <fmt/core.h>

#include <cstdlib>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/metrics/event_file.h"
#include "core/run/provenance.h"
#include "core/run/run_files.h"
#include "core/run/version_lock.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// How long a version may stay recorded without a runner: the time between its row and its lock.
constexpr std::int64_t kStartGraceMs = 60'000;

// Brings what the trainer tells into the version's files and to whoever watches.
class RunObserver final : public TrainObserver {
 public:
  RunObserver(const fs::path& folder, const RunDisplay& display, StopReason stop_reason)
      : log_(folder), events_(folder), display_(display), stop_reason_(std::move(stop_reason)) {}

  void log(std::string_view line) override {
    log_.line(line);
    if (display_.log) display_.log(line);
  }

  void phase(std::string_view what, std::int64_t done, std::int64_t total) override {
    if (display_.phase) display_.phase(what, done, total);
  }

  void progress(const Progress& progress) override {
    if (display_.progress) display_.progress(progress);
  }

  void metric(std::string_view name, std::int64_t step, double value) override {
    events_.add(name, step, value);
    const auto found = metrics_.find(name);
    MetricSummary& summary = found != metrics_.end() ? found->second : metrics_[std::string(name)];
    summary.add(step, value, direction_of(name));
  }

  void record(std::string_view key, const Json& value) override {
    facts_[std::string(key)] = value;
  }

  bool stop_requested() override {
    if (reason_.empty()) reason_ = stop_reason_();
    return !reason_.empty();
  }

  Json checkpoint_state() override { return nullptr; }
  void restore(const Json& /*state*/) override {}

  // What is for the log only: the watcher gets it in another form.
  void log_quietly(std::string_view line) { log_.line(line); }
  void flush() { events_.flush(); }

  const std::string& reason() const { return reason_; }
  const Json& facts() const { return facts_; }
  std::map<std::string, MetricSummary, std::less<>>& metrics() { return metrics_; }

 private:
  LogFile log_;
  EventWriter events_;
  const RunDisplay& display_;
  StopReason stop_reason_;
  std::string reason_;
  Json facts_ = Json::object();
  std::map<std::string, MetricSummary, std::less<>> metrics_;
};

int thread_count(const JobSpec& spec) {
  const int cores = usable_cores();
  const auto wanted =
      spec.resources.flavor.rfind("cpu.", 0) == 0
          ? parse_integer(std::string_view(spec.resources.flavor).substr(4)).value_or(cores)
          : cores;
  if (wanted > cores) {
    throw Error(ErrorKind::usage,
                fmt::format("resources.flavor {} wants {} cores; this machine has {}",
                            spec.resources.flavor, wanted, cores),
                fmt::format("use cpu.{} or fewer", cores));
  }
  return static_cast<int>(wanted);
}

TrainRequest make_request(const Home& home, const VersionRecord& version, const JobSpec& spec) {
  TrainRequest request;
  request.algorithm = spec.algorithm;
  request.hyperparameters = spec.hyperparameters;
  for (const auto& [channel, path] : spec.inputs) request.inputs[channel] = path;
  request.version_folder = home.version_folder(version.job, version.number);
  request.cache_folder = home.cache();
  request.seed = spec.seed;
  request.threads = thread_count(spec);
  request.device = spec.resources.type.empty() ? "auto" : spec.resources.type;
  return request;
}

// A list of metrics shows what the saved best weights do. Each metric's own best may be another
// epoch's, so those that the final evaluation gives replace it.
void use_evaluation(const fs::path& folder,
                    std::map<std::string, MetricSummary, std::less<>>& metrics) {
  const auto text = read_file_if_exists(folder / "evaluation.json");
  if (!text) return;
  const Json evaluation = parse_json(*text, "evaluation.json");
  for (auto& [name, summary] : metrics) {
    const auto found = evaluation.find(name);
    if (found != evaluation.end() && found->is_number()) summary.best = found->get<double>();
  }
}

void copy_results(const JobSpec& spec, const VersionRecord& version, const fs::path& folder) {
  const std::string label = version_label(version.number);
  const auto train_url = spec.outputs.find("train_url");
  if (train_url != spec.outputs.end() && !train_url->second.empty()) {
    copy_into(folder / "output", fs::path(train_url->second) / version.job / label);
  }
  if (!spec.log_path.empty()) {
    copy_into(folder / "log.txt", fs::path(spec.log_path) / version.job / label);
  }
}

RunResult failure_of(const Error& e, const std::string& stop_reason) {
  const bool was_stopped = e.kind() == ErrorKind::interrupted || e.kind() == ErrorKind::terminated;
  if (was_stopped) {
    return {Status::terminated, stop_reason.empty() ? e.message() : stop_reason, e.kind(), {}};
  }
  return {Status::failed, e.message(), e.kind(), e.hint()};
}

// The training itself, between the statuses Running and final.
RunResult train(Registry& registry, const VersionRecord& version, const JobSpec& spec,
                const fs::path& folder, RunObserver& observer) {
  try {
    const TrainRequest request = make_request(registry.home(), version, spec);
    Trainer& trainer = load_trainer();
    const Json description = trainer.describe();
    for (const char* key : {"libtorch", "blas"}) {
      if (description.contains(key)) observer.record(key, description[key]);
    }
    observer.record("threads", request.threads);
    const TrainOutcome outcome = trainer.train(request, observer);
    observer.flush();
    use_evaluation(folder, observer.metrics());
    copy_results(spec, version, folder);
    if (outcome.stopped) return {Status::terminated, observer.reason(), ErrorKind::terminated, {}};
    return {};
  } catch (const Error& e) {
    return failure_of(e, observer.reason());
  } catch (const std::bad_alloc&) {
    return {Status::failed, "out of memory", ErrorKind::training_failed,
            "use a smaller batch_size or image_size"};
  } catch (const std::exception& e) {
    return {Status::failed, e.what(), ErrorKind::training_failed, {}};
  }
}

// A full disk may refuse the last lines as well; the status in the registry matters more.
void keep_last_lines(RunObserver& observer, const RunResult& result) {
  try {
    observer.flush();
    observer.log_quietly(fmt::format("{}{}{}", name_of(result.status),
                                     result.reason.empty() ? "" : ": ", result.reason));
  } catch (const Error&) {
    return;
  }
}

}  // namespace

RunResult run_version(Registry& registry, const VersionRecord& version, const JobSpec& spec,
                      const RunDisplay& display, const StopReason& stop_reason) {
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  const VersionLock lock = VersionLock::acquire(folder);
  RunResult result;
  std::optional<SpaceReserve> reserve;
  std::optional<RunObserver> observer;
  try {
    reserve.emplace(folder);
    observer.emplace(folder, display, stop_reason);
    for (const auto& [name, value] : spec.environment) ::setenv(name.c_str(), value.c_str(), 1);
    observer->log_quietly(fmt::format("{} begins: {}", version.reference(), spec.algorithm));
  } catch (const Error& e) {
    result = failure_of(e, {});
  }
  if (result.status == Status::completed) {
    registry.change_status(version.id, {Status::initializing, Status::pending}, Status::running,
                           {});
    result = train(registry, version, spec, folder, *observer);
  }
  reserve.reset();
  if (observer) {
    keep_last_lines(*observer, result);
    registry.set_facts(version.id, observer->facts());
    registry.set_metrics(version.id, {observer->metrics().begin(), observer->metrics().end()});
  }
  registry.change_status(version.id, {Status::initializing, Status::pending, Status::running},
                         result.status, result.reason);
  return result;
}

void notice_dead_runners(Registry& registry) {
  std::vector<std::pair<Id, const char*>> dead;
  for (const VersionSummary& version : registry.active_versions()) {
    const Liveness liveness =
        liveness_of(registry.home().version_folder(version.job, version.number));
    // A power failure may have taken the lock file of a version that ran.
    const bool never_started =
        liveness == Liveness::no_runner && now_ms() - version.created_ms > kStartGraceMs;
    if (liveness == Liveness::dead) dead.emplace_back(version.id, "its runner died");
    if (never_started) dead.emplace_back(version.id, "it has no runner");
  }
  if (dead.empty()) return;
  try {
    // Whoever only reads has opened the registry without the right to write.
    Registry writer(registry.home(), Registry::Mode::write);
    for (const auto& [id, reason] : dead) {
      writer.change_status(id, {Status::initializing, Status::pending, Status::running},
                           Status::abnormal, reason);
    }
  } catch (const Error& e) {
    // A read-only home still has to be readable; the next command with more rights sets it.
    if (e.kind() != ErrorKind::io) throw;
  }
}

}  // namespace mat
