#include "core/run/attempt.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/metrics/evaluation_summaries.h"
#include "core/run/code_snapshot.h"
#include "core/run/command_attempt.h"
#include "core/run/run_inputs.h"
#include "core/run/run_summaries.h"
#include "core/run/seeds.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

TrainRequest make_request(const Home& home, const HeldVersion& held, const RunInputs& inputs,
                          const Capacity& needs, bool resume) {
  TrainRequest request;
  request.algorithm = held.spec.algorithm;
  request.hyperparameters = held.spec.hyperparameters;
  request.inputs = inputs.paths;
  request.version_folder = home.version_folder(held.version.job, held.version.number);
  request.cache_folder = home.cache();
  request.seed = held.spec.seed;
  request.threads = needs.cores;
  request.device = needs.gpus > 0 ? "gpu" : "cpu";
  request.resume = resume;
  return request;
}

TrainOutcome train_builtin(const Home& home, const HeldVersion& held, const RunInputs& inputs,
                           const Capacity& needs, bool resume, RunObserver& observer) {
  const TrainRequest request = make_request(home, held, inputs, needs, resume);
  Trainer& trainer = load_trainer();
  const Json description = trainer.describe();
  for (const char* key : {"libtorch", "blas"}) {
    if (description.contains(key)) observer.record(key, description[key]);
  }
  if (held.spec.seeds > 1) return train_seeds(trainer, request, held.spec.seeds, observer);
  return trainer.train(request, observer);
}

TrainOutcome run_own_command(const Home& home, const HeldVersion& held, const RunInputs& inputs,
                             const Capacity& needs, const std::vector<int>& gpu_ids, bool resume,
                             RunObserver& observer) {
  const fs::path folder = home.version_folder(held.version.job, held.version.number);
  restore_code(folder, held.version.facts);
  CommandRequest request = command_request(home, held, inputs, needs, gpu_ids, resume);
  if (resume && has_command_checkpoint(folder)) {
    observer.continue_curves();
    request.last_steps = observer.earlier_steps();
  } else if (resume) {
    // With nothing to go on from it begins anew, and so do its curves.
    observer.restore(nullptr);
    std::error_code ignored;
    fs::remove(request.metrics_file, ignored);
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

RunResult attempt_version(const Home& home, const HeldVersion& held, const Capacity& needs,
                          const std::vector<int>& gpu_ids, bool resume, RunObserver& observer) {
  const fs::path folder = home.version_folder(held.version.job, held.version.number);
  try {
    for (const auto& [name, value] : held.spec.environment) {
      ::setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<std::string> ids;
    for (const int id : gpu_ids) ids.push_back(std::to_string(id));
    if (!ids.empty()) ::setenv("CUDA_VISIBLE_DEVICES", join(ids, ",").c_str(), 1);
    observer.begin_events_with([&held, folder] { return summaries_at_start(held, folder); });
    observer.record("threads", needs.cores);
    const RunInputs inputs = fetch_inputs(home, held, observer);
    const TrainOutcome outcome =
        held.spec.definition.command
            ? run_own_command(home, held, inputs, needs, gpu_ids, resume, observer)
            : train_builtin(home, held, inputs, needs, resume, observer);
    use_evaluation(folder, observer);
    if (outcome.stopped) {
      return {Status::terminated, observer.stop_reason(), ErrorKind::terminated, {}};
    }
    return {};
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
