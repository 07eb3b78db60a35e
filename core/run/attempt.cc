#include "core/run/attempt.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/code/code_snapshot.h"
#include "core/metrics/evaluation_summaries.h"
#include "core/run/command_attempt.h"
#include "core/run/own_limit.h"
#include "core/run/run_inputs.h"
#include "core/run/run_summaries.h"
#include "core/run/seeds.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

TrainRequest make_request(const Home& home, const HeldVersion& held, const RunInputs& inputs,
                          const AttemptPlan& plan) {
  TrainRequest request;
  request.algorithm = held.spec.algorithm;
  request.hyperparameters = held.spec.hyperparameters;
  request.inputs = inputs.paths;
  request.version_folder = home.version_folder(held.version.job, held.version.number);
  request.cache_folder = home.cache();
  request.seed = held.spec.seed;
  request.threads = plan.needs.cores;
  request.device = plan.needs.gpus > 0 ? "gpu" : "cpu";
  request.resume = plan.resume;
  request.group = plan.group;
  return request;
}

// Stands there since curves were begun anew, beside what attempts before that have written.
constexpr const char* kCurvesBegun = "curves_begun";

void begin_curves(const fs::path& version_folder) {
  write_file_atomic(version_folder / kCurvesBegun, "");
}

fs::file_time_type beginning_of_curves(const fs::path& version_folder) {
  std::error_code error;
  const auto time = fs::last_write_time(version_folder / kCurvesBegun, error);
  return error ? fs::file_time_type::min() : time;
}

// Keeps the lines of a training whose points somebody else keeps.
class LogObserver final : public TrainObserver {
 public:
  explicit LogObserver(RunObserver& run) : run_(run) {}

  void log(std::string_view line) override { run_.log(line); }
  void phase(std::string_view what, std::int64_t done, std::int64_t total) override {
    run_.phase(what, done, total);
  }
  void progress(const Progress&) override {}
  void metric(std::string_view, std::int64_t, double) override {}
  void record(std::string_view, const Json&) override {}
  bool stop_requested() override { return run_.stop_requested(); }
  Json checkpoint_state() override { return nullptr; }
  void restore(const Json&) override {}

 private:
  RunObserver& run_;
};

TrainOutcome train_builtin(const Home& home, const HeldVersion& held, const RunInputs& inputs,
                           const AttemptPlan& plan, RunObserver& observer) {
  TrainRequest request = make_request(home, held, inputs, plan);
  take_preparation_off(held.version.facts, request.hyperparameters, observer);
  Trainer& trainer = load_trainer();
  const Json description = trainer.describe();
  for (const char* key : {"libtorch", "blas"}) {
    if (description.contains(key)) observer.record(key, description[key]);
  }
  if (held.spec.seeds > 1) return train_seeds(trainer, request, held.spec.seeds, observer);
  if (plan.group.is_first()) return trainer.train(request, observer);
  LogObserver log(observer);
  return trainer.train(request, log);
}

TrainOutcome run_own_command(const Home& home, const HeldVersion& held, const RunInputs& inputs,
                             const AttemptPlan& plan, RunObserver& observer) {
  const fs::path folder = home.version_folder(held.version.job, held.version.number);
  if (plan.group.is_first()) restore_code(folder, held.version.facts);
  CommandRequest request = command_request(home, held, inputs, plan);
  if (!plan.group.is_first()) {
    // What it tells of metrics, node 0 tells as well.
    LogObserver log(observer);
    return run_command(request, log, observer.log_file());
  }
  const bool resume = plan.resume;
  if (resume && has_command_checkpoint(folder)) {
    observer.continue_curves();
    request.goes_on_since = beginning_of_curves(folder);
    request.last_steps = observer.earlier_steps();
  } else if (resume) {
    // With nothing to go on from it begins anew, and so do its curves.
    observer.restore(nullptr);
    std::error_code ignored;
    fs::remove(request.metrics_file, ignored);
    begin_curves(folder);
  }
  return run_command(request, observer, observer.log_file());
}

std::int64_t last_step(RunObserver& observer) {
  std::int64_t last = 0;
  for (const auto& [name, summary] : observer.metrics()) last = std::max(last, summary.last_step);
  return last;
}

// A list of metrics shows what the saved best weights do. Each metric's own best may be another
// epoch's, so those that the final evaluation gives replace it, at the step of those weights.
void use_evaluation(const fs::path& folder, RunObserver& observer) {
  const auto text = read_file_if_exists(folder / "evaluation.json");
  if (!text) return;
  const Json evaluation = parse_json(*text, "evaluation.json");
  const auto step = observer.facts().find("best_step");
  for (auto& [name, summary] : observer.metrics()) {
    const auto found = evaluation.find(name);
    if (found == evaluation.end() || !found->is_number()) continue;
    summary.best = found->get<double>();
    if (step != observer.facts().end()) summary.best_step = step->get<std::int64_t>();
  }
  for (const EventSummary& summary : summaries_of_evaluation(evaluation, last_step(observer))) {
    observer.summary(summary);
  }
}

RunResult failure_of(const Error& e, const std::string& stop_reason) {
  const bool was_stopped = e.kind() == ErrorKind::interrupted || e.kind() == ErrorKind::terminated;
  if (was_stopped) {
    return {Status::terminated, stop_reason.empty() ? e.message() : stop_reason, e.kind(), {}};
  }
  return {Status::failed, e.message(), e.kind(), e.hint()};
}

}  // namespace

std::string visible_gpus(const AttemptPlan& plan) {
  const auto count = static_cast<std::size_t>(plan.needs.gpus);
  const std::size_t first = count * static_cast<std::size_t>(plan.group.node);
  if (count > 0 && plan.gpu_ids.size() < first + count) {
    // A cluster has given each node its own.
    const char* given = std::getenv("CUDA_VISIBLE_DEVICES");
    return given == nullptr ? std::string() : std::string(given);
  }
  std::vector<std::string> ids;
  for (std::size_t i = first; i < first + count; ++i) {
    ids.push_back(std::to_string(plan.gpu_ids[i]));
  }
  return join(ids, ",");
}

RunResult attempt_version(const Home& home, const HeldVersion& held, const AttemptPlan& plan,
                          RunObserver& observer) {
  const fs::path folder = home.version_folder(held.version.job, held.version.number);
  try {
    for (const auto& [name, value] : held.spec.environment) {
      ::setenv(name.c_str(), value.c_str(), 1);
    }
    if (const std::string gpus = visible_gpus(plan); !gpus.empty()) {
      ::setenv("CUDA_VISIBLE_DEVICES", gpus.c_str(), 1);
    }
    observer.begin_events_with([&held, folder] { return summaries_at_start(held, folder); });
    observer.record("threads", plan.needs.cores);
    const RunInputs inputs = fetch_inputs(home, held, observer);
    const TrainOutcome outcome = held.spec.definition.command
                                     ? run_own_command(home, held, inputs, plan, observer)
                                     : train_builtin(home, held, inputs, plan, observer);
    if (plan.group.is_first()) use_evaluation(folder, observer);
    if (outcome.stopped) {
      return {Status::terminated, observer.stop_reason(), ErrorKind::terminated, {}};
    }
    return {};
  } catch (const NodesLost& e) {
    return {Status::failed, e.message(), e.kind(), e.hint(), true};
  } catch (const Error& e) {
    return failure_of(e, observer.stop_reason());
  } catch (const std::bad_alloc&) {
    return {Status::failed, "out of memory", ErrorKind::training_failed,
            "use a smaller batch_size or image_size"};
  } catch (const std::exception& e) {
    return {Status::failed, e.what(), ErrorKind::training_failed, {}};
  }
}

}  // namespace mat
