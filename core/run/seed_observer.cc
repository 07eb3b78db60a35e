#include "core/run/seed_observer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/time.h"

namespace mat {

SeedObserver::SeedObserver(RunObserver& run, std::uint64_t seed, int index, int count, Json before)
    : run_(run),
      seed_(seed),
      index_(index),
      count_(count),
      before_(std::move(before)),
      begun_s_(monotonic_seconds()) {}

std::string SeedObserver::place() const { return fmt::format("seed {} of {}", index_ + 1, count_); }

void SeedObserver::log(std::string_view line) { run_.log(fmt::format("seed {}: {}", seed_, line)); }

void SeedObserver::phase(std::string_view what, std::int64_t done, std::int64_t total) {
  run_.phase(fmt::format("{}, {}", place(), what), done, total);
}

void SeedObserver::progress(const Progress& progress) {
  Progress whole = progress;
  whole.stage = fmt::format("{}, {}", place(),
                            progress.stage.empty()
                                ? fmt::format("epoch {}/{}", progress.epoch, progress.epochs)
                                : progress.stage);
  whole.step += index_ * progress.steps;
  whole.steps *= count_;
  // Those that come will take as long as this one.
  const double seconds = monotonic_seconds() - begun_s_ + progress.seconds_left;
  whole.seconds_left += (count_ - index_ - 1) * seconds;
  run_.progress(whole);
}

void SeedObserver::metric(std::string_view name, std::int64_t step, double value) {
  run_.point(fmt::format("{}{}/{}", kSeedCurvePrefix, seed_, name), step, value);
  metrics_[std::string(name)].add(step, value, direction_of(name));
}

void SeedObserver::summary(const EventSummary& summary) {
  // What all of them begin with is the same.
  if (summary.step == 0 && index_ > 0) return;
  EventSummary part = summary;
  if (summary.step > 0) part.tag = fmt::format("{}{}/{}", kSeedCurvePrefix, seed_, summary.tag);
  run_.summary(part);
}

void SeedObserver::record(std::string_view key, const Json& value) {
  facts_[std::string(key)] = value;
  run_.record(key, value);
}

Json SeedObserver::checkpoint_state() {
  Json summaries = Json::object();
  for (const auto& [name, summary] : metrics_) summaries[name] = to_json(summary);
  return {{"run", run_.checkpoint_state()}, {"metrics", std::move(summaries)}};
}

void SeedObserver::restore(const Json& state) {
  metrics_.clear();
  run_.restore(state.is_null() ? before_ : state.at("run"));
  if (state.is_null()) return;
  for (const auto& [name, summary] : state.at("metrics").items()) {
    metrics_[name] = metric_summary_from_json(summary);
  }
}

SeedResult SeedObserver::result(const Json& evaluation) {
  SeedResult result;
  result.seed = seed_;
  for (const auto& [name, summary] : metrics_) {
    result.metrics[name] = summary.best;
    result.last_step = std::max(result.last_step, summary.last_step);
  }
  for (const auto& [name, value] : evaluation.items()) {
    if (value.is_number_float()) result.metrics[name] = value.get<double>();
  }
  result.evaluation = evaluation;
  result.facts = facts_;
  result.state = run_.checkpoint_state();
  return result;
}

}  // namespace mat
