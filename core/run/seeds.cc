#include "core/run/seeds.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/metrics/deviation.h"
#include "core/run/own_limit.h"
#include "core/run/seed_observer.h"
#include "core/run/seed_results.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

TrainRequest request_of_seed(const TrainRequest& whole, std::uint64_t seed, int seeds) {
  TrainRequest request = whole;
  request.seed = seed;
  request.version_folder = seed_folder(whole.version_folder, seed);
  const auto limit = request.hyperparameters.find(kOwnLimit);
  if (limit != request.hyperparameters.end() && limit->is_number()) {
    *limit = limit->get<double>() / seeds;
  }
  return request;
}

Json read_evaluation_of(const fs::path& folder) {
  const auto text = read_file_if_exists(folder / "evaluation.json");
  if (!text) return nullptr;
  return parse_json(*text, fmt::format("'{}'", (folder / "evaluation.json").string()));
}

// The trainings of one attempt at a version, one after another.
class SeedTrainings {
 public:
  SeedTrainings(Trainer& trainer, const TrainRequest& request, int seeds, RunObserver& run)
      : trainer_(trainer), request_(request), seeds_(seeds), run_(run), resume_(request.resume) {}

  TrainOutcome train() {
    bool was_stopped = false;
    for (int index = 0; index < seeds_ && !was_stopped; ++index) {
      const std::uint64_t seed = request_.seed + static_cast<std::uint64_t>(index);
      if (take_over(seed)) continue;
      was_stopped = !train_one(seed, index);
    }
    // Everything was done already: the run goes on behind the last one.
    if (resume_ && !done_.empty()) run_.restore(done_.back().state);
    publish();
    return {was_stopped};
  }

 private:
  // Whether an earlier attempt has done it.
  bool take_over(std::uint64_t seed) {
    if (!resume_) return false;
    auto result = read_seed_result(request_.version_folder, seed);
    if (!result) return false;
    remove_checkpoint(seed);
    done_.push_back(std::move(*result));
    return true;
  }

  // False when it was stopped.
  bool train_one(std::uint64_t seed, int index) {
    TrainRequest request = request_of_seed(request_, seed, seeds_);
    request.resume = std::exchange(resume_, false);
    make_folders(request.version_folder);
    run_.log(fmt::format("seed {} begins, {} of {}", seed, index + 1, seeds_));
    SeedObserver observer(run_, seed, index, seeds_,
                          done_.empty() ? Json(nullptr) : done_.back().state);
    const bool was_stopped = trainer_.train(request, observer).stopped;
    SeedResult result = observer.result(read_evaluation_of(request.version_folder));
    if (was_stopped) {
      // Better than nothing, but not to be compared with those that are done.
      if (done_.empty() && result.evaluation.is_object()) done_.push_back(std::move(result));
      return false;
    }
    write_seed_result(request_.version_folder, result);
    remove_checkpoint(seed);
    done_.push_back(std::move(result));
    return true;
  }

  void remove_checkpoint(std::uint64_t seed) {
    std::error_code ignored;
    fs::remove_all(seed_folder(request_.version_folder, seed) / "checkpoint", ignored);
  }

  void publish() {
    if (done_.empty()) return;
    publish_seed_results(request_.version_folder, done_);
    for (const auto& [key, value] : best_seed(done_).facts.items()) run_.record(key, value);
    std::int64_t last_step = 0;
    std::vector<std::string> values;
    for (const SeedResult& result : done_) last_step = std::max(last_step, result.last_step);
    for (const auto& [name, spread] : spread_of(done_)) {
      run_.metric(name, last_step, spread.mean);
      const bool is_evaluated = best_seed(done_).evaluation.contains(name);
      if (done_.size() > 1 && is_evaluated) {
        run_.metric(deviation_name(name), last_step, spread.deviation);
      }
    }
    run_.record("best_seed", best_seed(done_).seed);
    run_.record("seeds_done", done_.size());
    // Where a mean stands; the best seed's own is in its result.
    run_.record("best_step", last_step);
  }

  Trainer& trainer_;
  const TrainRequest& request_;
  int seeds_;
  RunObserver& run_;
  bool resume_;  // until a training has taken over the run's state
  std::vector<SeedResult> done_;
};

}  // namespace

TrainOutcome train_seeds(Trainer& trainer, const TrainRequest& request, int seeds,
                         RunObserver& observer) {
  return SeedTrainings(trainer, request, seeds, observer).train();
}

}  // namespace mat
