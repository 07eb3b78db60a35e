#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/training/trainer.h"

namespace mat {

// Keeps all that a training says.
class RecordingObserver : public TrainObserver {
 public:
  void log(std::string_view line) override { lines.emplace_back(line); }
  void phase(std::string_view what, std::int64_t, std::int64_t) override {
    phases.emplace_back(what);
  }
  void progress(const Progress& progress) override { last_progress = progress; }
  void metric(std::string_view name, std::int64_t step, double value) override {
    metrics[std::string(name)].emplace_back(step, value);
  }
  void summary(const EventSummary& summary) override { summaries.push_back(summary); }
  void record(std::string_view key, const Json& value) override {
    record_[std::string(key)] = value;
  }
  bool stop_requested() override { return stop && stop(*this); }
  Json checkpoint_state() override { return nullptr; }
  void restore(const Json& /*state*/) override {}

  const Json& recorded(const std::string& key) const { return record_.at(key); }
  Json all_recorded() const { return record_; }
  double last(const std::string& name) const { return metrics.at(name).back().second; }
  bool has_line_with(std::string_view text) const {
    for (const std::string& line : lines) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }

  std::function<bool(const RecordingObserver&)> stop;
  std::vector<std::string> lines, phases;
  std::map<std::string, std::vector<std::pair<std::int64_t, double>>> metrics;
  std::vector<EventSummary> summaries;
  Progress last_progress;

 private:
  std::map<std::string, Json> record_;
};

}  // namespace mat
