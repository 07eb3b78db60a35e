#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/life/live_progress.h"
#include "core/metrics/event_file.h"
#include "core/metrics/metric.h"
#include "core/run/runner.h"
#include "core/training/log_file.h"

namespace mat {

// Brings what a training tells into the version's files and to whoever watches.
class RunObserver final : public TrainObserver {
 public:
  using Metrics = std::map<std::string, MetricSummary, std::less<>>;

  // `display` must live as long.
  RunObserver(std::filesystem::path version_folder, std::uint64_t log_limit_bytes,
              const RunDisplay& display, StopReason stop_reason);

  void log(std::string_view line) override;
  void phase(std::string_view what, std::int64_t done, std::int64_t total) override;
  void progress(const Progress& progress) override;
  void metric(std::string_view name, std::int64_t step, double value) override;
  // A point of a curve that is not one of the version's metrics.
  void point(std::string_view tag, std::int64_t step, double value) {
    events().add(tag, step, value);
  }
  void summary(const EventSummary& summary) override { events().add(summary); }
  void record(std::string_view key, const Json& value) override {
    facts_[std::string(key)] = value;
  }
  bool stop_requested() override;
  Json checkpoint_state() override;
  void restore(const Json& state) override;

  // To be called before anything is reported.
  void begin_events_with(EventHead head) { head_ = std::move(head); }
  // What is for the log only: the watcher gets it in another form.
  void log_quietly(std::string_view line) { log_.line(line); }
  LogFile& log_file() { return log_; }
  // What the run has come to in each metric, for TensorBoard.
  void show_results();
  // Brings the points to the disk.
  void sync();
  // The curves of earlier attempts go on: their summaries count, and points that they have are not
  // taken again.
  void continue_curves();

  // Besides, an attempt ends, without that being a stop of the run, when `ends` says so.
  void end_when(std::function<bool()> ends) { ends_ = std::move(ends); }

  const std::string& stop_reason() const { return reason_; }
  Json& facts() { return facts_; }
  Metrics& metrics() { return metrics_; }
  const std::map<std::string, std::int64_t, std::less<>>& earlier_steps() const {
    return earlier_steps_;
  }

 private:
  EventWriter& events();

  std::filesystem::path folder_;
  LogFile log_;
  EventHead head_;
  std::optional<EventWriter> events_;  // made by the first point: restore() may cut it before
  LiveProgress live_;
  const RunDisplay& display_;
  StopReason external_reason_;
  std::string reason_;
  std::function<bool()> ends_;
  Json facts_ = Json::object();
  Metrics metrics_;
  std::map<std::string, std::int64_t, std::less<>> earlier_steps_;  // the last ones of a curve
  double flushed_s_ = 0;
};

// The same for a run that did not live to show them. What cannot be written is left out.
void show_results(const std::filesystem::path& version_folder,
                  const std::map<std::string, MetricSummary>& metrics);

// What the names of curves begin with that are of one of several seeds: "seed7/accuracy".
constexpr std::string_view kSeedCurvePrefix = "seed";

// The summaries of the curves in a version's event files, for a run that did not live to record
// them. Those of single seeds, where there are several, are left out.
std::map<std::string, MetricSummary> summarize_curves(const std::filesystem::path& version_folder);

}  // namespace mat
