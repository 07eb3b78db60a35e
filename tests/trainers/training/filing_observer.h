#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/metrics/event_file.h"
#include "core/metrics/metric.h"
#include "tests/trainers/training/recording_observer.h"

namespace mat {

// Keeps curves in an event file as a run does, and can end a training as a crash would: by throwing
// out of one of its functions.
class FilingObserver : public RecordingObserver {
 public:
  struct Crash {};

  explicit FilingObserver(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void log(std::string_view line) override {
    live();
    RecordingObserver::log(line);
  }
  void phase(std::string_view what, std::int64_t done, std::int64_t total) override {
    live();
    RecordingObserver::phase(what, done, total);
  }
  void progress(const Progress& progress) override {
    live();
    RecordingObserver::progress(progress);
  }
  void metric(std::string_view name, std::int64_t step, double value) override {
    live();
    RecordingObserver::metric(name, step, value);
    if (!events_) events_.emplace(folder_);
    events_->add(name, step, value);
    curve_summaries_[std::string(name)].add(step, value, direction_of(name));
  }
  void summary(const EventSummary& summary) override {
    live();
    RecordingObserver::summary(summary);
    if (!events_) events_.emplace(folder_);
    events_->add(summary);
  }
  void record(std::string_view key, const Json& value) override {
    live();
    was_recorded_ = true;
    RecordingObserver::record(key, value);
  }
  bool stop_requested() override {
    live();
    return RecordingObserver::stop_requested();
  }
  Json checkpoint_state() override {
    live();
    ++checkpoints;
    if (!events_) events_.emplace(folder_);
    Json summaries = Json::object();
    for (const auto& [name, summary] : curve_summaries_) summaries[name] = to_json(summary);
    return {{"events", to_json(events_->position())}, {"metrics", summaries}};
  }
  void restore(const Json& state) override {
    live();
    if (was_recorded_ || events_ || restored++ > 0) throw std::logic_error("restored too late");
    const Json none = Json::object();
    events_.emplace(folder_,
                    event_position_from_json(state.is_null() ? Json() : state.at("events")));
    for (const auto& [name, summary] : (state.is_null() ? none : state.at("metrics")).items()) {
      curve_summaries_[name] = metric_summary_from_json(summary);
    }
  }

  int crash_after = -1;  // calls; negative: never
  int checkpoints = 0, restored = 0;
  const std::map<std::string, MetricSummary>& curve_summaries() const { return curve_summaries_; }

 private:
  void live() {
    if (crash_after-- == 0) throw Crash();
  }

  std::filesystem::path folder_;
  std::optional<EventWriter> events_;
  std::map<std::string, MetricSummary> curve_summaries_;
  bool was_recorded_ = false;
};

}  // namespace mat
