#pragma once

#include <map>
#include <string>

#include "core/metrics/metric.h"
#include "core/run/run_observer.h"
#include "core/run/seed_results.h"

namespace mat {

// What one of several trainings of a version tells, told on as part of the whole.
class SeedObserver final : public TrainObserver {
 public:
  // It is the training number `index`, from 0, of `count`. `before` is the run's state when it
  // began for the first time, null at the very beginning. `run` must live as long.
  SeedObserver(RunObserver& run, std::uint64_t seed, int index, int count, Json before);

  void log(std::string_view line) override;
  void phase(std::string_view what, std::int64_t done, std::int64_t total) override;
  void progress(const Progress& progress) override;
  void metric(std::string_view name, std::int64_t step, double value) override;
  void summary(const EventSummary& summary) override;
  void record(std::string_view key, const Json& value) override;
  bool stop_requested() override { return run_.stop_requested(); }
  Json checkpoint_state() override;
  void restore(const Json& state) override;

  // Once it is done. Metrics that `evaluation` has are those of the best weights.
  SeedResult result(const Json& evaluation);

 private:
  std::string place() const;  // "seed 2 of 3"

  RunObserver& run_;
  std::uint64_t seed_;
  int index_, count_;
  Json before_;
  Json facts_ = Json::object();
  std::map<std::string, MetricSummary> metrics_;
  double begun_s_;
};

}  // namespace mat
