#include "core/run/run_observer.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/life/stop_request.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr double kSecondsBetweenFlushes = 1;

template <typename Metrics>
std::vector<EventSummary> summaries_of_results(const Metrics& metrics) {
  std::vector<EventSummary> results;
  for (const auto& [name, summary] : metrics) {
    results.push_back({result_tag(name), summary.best_step, ResultSummary{summary.best}});
  }
  return results;
}

}  // namespace

RunObserver::RunObserver(fs::path version_folder, std::uint64_t log_limit_bytes,
                         const RunDisplay& display, StopReason stop_reason)
    : folder_(std::move(version_folder)),
      log_(folder_, log_limit_bytes),
      live_(folder_),
      display_(display),
      external_reason_(std::move(stop_reason)) {
  if (display.output) log_.echo_to(display.output);
}

void RunObserver::log(std::string_view line) {
  log_.line(line);
  if (display_.log) display_.log(line);
}

void RunObserver::phase(std::string_view what, std::int64_t done, std::int64_t total) {
  live_.show(what, done, total);
  if (display_.phase) display_.phase(what, done, total);
}

void RunObserver::progress(const Progress& progress) {
  live_.show(progress);
  if (display_.progress) display_.progress(progress);
}

void RunObserver::metric(std::string_view name, std::int64_t step, double value) {
  const auto earlier = earlier_steps_.find(name);
  if (earlier != earlier_steps_.end() && step <= earlier->second) return;
  events().add(name, step, value);
  const auto found = metrics_.find(name);
  MetricSummary& summary = found != metrics_.end() ? found->second : metrics_[std::string(name)];
  summary.add(step, value, direction_of(name));
}

bool RunObserver::stop_requested() {
  // A command may say nothing for hours after its last point.
  if (events_ && monotonic_seconds() - flushed_s_ >= kSecondsBetweenFlushes) {
    flushed_s_ = monotonic_seconds();
    events_->flush();
  }
  if (!reason_.empty()) return true;
  if (is_stop_requested(folder_)) {
    reason_ = requested_stop(folder_).value_or("stopped");
  } else if (external_reason_) {
    reason_ = external_reason_();
  }
  return !reason_.empty() || (ends_ && ends_());
}

Json RunObserver::checkpoint_state() {
  Json summaries = Json::object();
  for (const auto& [name, summary] : metrics_) summaries[name] = to_json(summary);
  return {{"events", to_json(events().position())}, {"metrics", std::move(summaries)}};
}

void RunObserver::restore(const Json& state) {
  events_.reset();
  metrics_.clear();
  earlier_steps_.clear();
  events_.emplace(folder_, event_position_from_json(state.is_null() ? state : state.at("events")),
                  head_);
  if (state.is_null()) return;
  for (const auto& [name, summary] : state.at("metrics").items()) {
    metrics_[name] = metric_summary_from_json(summary);
  }
}

void RunObserver::show_results() {
  for (const EventSummary& result : summaries_of_results(metrics_)) events().add(result);
}

void RunObserver::sync() {
  if (events_) events_->position();
}

void RunObserver::continue_curves() {
  // What an attempt in this process has reported last is to be among them.
  if (events_) events_->flush();
  for (const auto& [name, summary] : summarize_curves(folder_)) {
    metrics_[name] = summary;
    std::int64_t& last = earlier_steps_[name];
    last = std::max({last, summary.first_step, summary.last_step, summary.max_step});
  }
}

EventWriter& RunObserver::events() {
  if (!events_) events_.emplace(folder_, head_);
  return *events_;
}

void show_results(const fs::path& version_folder,
                  const std::map<std::string, MetricSummary>& metrics) {
  if (metrics.empty()) return;
  try {
    EventWriter writer(version_folder);
    for (const EventSummary& result : summaries_of_results(metrics)) writer.add(result);
    writer.flush();
  } catch (const Error&) {
    return;
  }
}

std::map<std::string, MetricSummary> summarize_curves(const fs::path& version_folder) {
  std::map<std::string, MetricSummary> metrics;
  std::error_code ignored;
  const bool has_seeds = fs::is_directory(version_folder / "seeds", ignored);
  for (const Curve& curve : read_event_files(version_folder)) {
    if (has_seeds && curve.tag.starts_with(kSeedCurvePrefix)) continue;
    const Direction direction = direction_of(curve.tag);
    MetricSummary& summary = metrics[curve.tag];
    for (const ScalarPoint& point : curve.points) summary.add(point.step, point.value, direction);
  }
  return metrics;
}

}  // namespace mat
