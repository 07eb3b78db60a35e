#include "trainers/training/speed_trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"

namespace mat {
namespace {

constexpr int kRounds = 12;
// Below which there is nothing to tell whether the machine was busy.
constexpr int kLeastRounds = 2;
constexpr double kTrialSeconds = 3;
// Candidates are tried from the most promising one on, and chosen from the plainest one on: each
// must win by this much over what is plainer, so that near ties go the same way every time.
constexpr double kClearlyFaster = 0.95;
constexpr double kHopeless = 2.0;
constexpr double kSteady = 1.25;
constexpr double kNever = std::numeric_limits<double>::infinity();

struct Runner {
  std::size_t place;
  std::function<double()> step;
  double best = kNever, second_best = kNever;

  void run() {
    const double seconds = step();
    second_best = std::min(second_best, std::max(best, seconds));
    best = std::min(best, seconds);
  }
};

class Trial {
 public:
  Trial(const std::vector<TrialCandidate>& candidates, TrainObserver& observer)
      : candidates_(candidates), observer_(observer), started_(monotonic_seconds()) {}

  TrialResult run() {
    for (std::size_t i = 0; i < candidates_.size(); ++i) try_first(i);
    // Every candidate takes its turn in every round, so that what else the machine does meanwhile
    // slows all of them; the least time counts.
    for (int round = 0; round < kRounds && runners_.size() > 1; ++round) {
      if (round >= kLeastRounds && monotonic_seconds() - started_ > kTrialSeconds) break;
      for (Runner& runner : runners_) {
        check_stop();
        runner.run();
      }
    }
    return choose();
  }

 private:
  void check_stop() {
    if (observer_.stop_requested()) {
      throw Error(ErrorKind::interrupted, "interrupted while choosing how to compute");
    }
  }

  // The first step also fills caches, so it only rules out; and what else the machine does may have
  // slowed it, so it does not rule out alone.
  void try_first(std::size_t place) {
    check_stop();
    observer_.phase("choosing precision and layout", static_cast<std::int64_t>(place),
                    static_cast<std::int64_t>(candidates_.size()));
    Runner runner{place, candidates_[place].start()};
    double seconds = runner.step();
    if (seconds > kHopeless * least_) {
      check_stop();
      seconds = std::min(seconds, runner.step());
    }
    least_ = std::min(least_, seconds);
    if (seconds <= kHopeless * least_) {
      runners_.push_back(std::move(runner));
    } else {
      far_slower_.push_back(candidates_[place].name + " far slower");
    }
  }

  TrialResult choose() const {
    const Runner* best = &runners_.back();
    bool is_steady = true;
    std::vector<std::string> times;
    for (auto runner = runners_.rbegin(); runner != runners_.rend(); ++runner) {
      // One that is alone was not timed again.
      const double seconds = runners_.size() > 1 ? runner->best : least_;
      times.push_back(fmt::format("{} {:.3g} ms", candidates_[runner->place].name, seconds * 1000));
      if (runners_.size() > 1) is_steady &= runner->second_best <= kSteady * runner->best;
      if (runner->best < best->best * kClearlyFaster) best = &*runner;
    }
    std::reverse(times.begin(), times.end());
    times.insert(times.end(), far_slower_.begin(), far_slower_.end());
    observer_.log("trial of precision and layout: " + join(times, ", "));
    return {best->place, is_steady};
  }

  const std::vector<TrialCandidate>& candidates_;
  TrainObserver& observer_;
  double started_;
  double least_ = kNever;
  std::vector<Runner> runners_;
  std::vector<std::string> far_slower_;
};

}  // namespace

TrialResult find_fastest(const std::vector<TrialCandidate>& candidates, TrainObserver& observer) {
  return Trial(candidates, observer).run();
}

}  // namespace mat
