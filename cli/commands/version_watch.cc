#include "cli/commands/version_watch.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "cli/commands/commands.h"
#include "cli/commands/plotted_version.h"
#include "cli/commands/views.h"
#include "cli/output/live_frame.h"
#include "cli/signals.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/plot/text_plot.h"

namespace mat {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(500);
constexpr int kSparkWidth = 16;
constexpr std::int64_t kMostOfJob = 200;

struct WatchFlags {
  std::vector<std::string> references;
  bool once = false, json = false;
};

// The metric that a row is about.
struct MainMetric {
  std::string name;
  std::optional<double> best, last;
};

MainMetric main_metric_of(const PlottedVersion& version) {
  const std::vector<CurveSummary> curves = version.curves().curves();
  const Json& progress = version.progress();
  std::vector<std::string> wanted;
  if (progress.is_object()) {
    const Json name = progress.value("metric_name", Json());
    if (name.is_string()) wanted.push_back(name.get<std::string>());
  }
  for (const MetricGroup& group : metric_groups(version.metrics())) {
    wanted.insert(wanted.end(), group.metrics.begin(), group.metrics.end());
  }
  // Accuracy says more than the loss, which is the first of the groups.
  std::stable_partition(wanted.begin(), wanted.end(),
                        [](const std::string& name) { return name == "accuracy"; });
  MainMetric metric;
  for (const std::string& name : wanted) {
    const auto tags = version.curves_of(name);
    if (tags.empty()) continue;
    const auto found = std::find_if(curves.begin(), curves.end(), [&](const CurveSummary& curve) {
      return curve.tag == tags.back().tag && curve.whole.finite > 0;
    });
    if (found == curves.end()) continue;
    metric.name = name;
    metric.last = found->whole.last.value;
    metric.best = direction_of(name) == Direction::lower_is_better ? found->whole.min.value
                                                                   : found->whole.max.value;
    break;
  }
  // At the end the registry has what counts: of several seeds the means, not the curve of one.
  const auto& recorded = version.record().metrics;
  const auto found = recorded.find(metric.name);
  if (!is_active(version.record().status) && found != recorded.end()) {
    metric.best = found->second.best;
    metric.last = found->second.last;
  }
  return metric;
}

std::string curve_text(const PlottedVersion& version, const std::string& metric) {
  const auto tags = version.curves_of(metric);
  if (tags.empty()) return "";
  std::vector<PlotPoint> points;
  const ThinCurve curve = version.curves().thinned(tags.back().tag, {}, 8 * kSparkWidth);
  for (const ScalarPoint& point : curve.means) {
    points.push_back({static_cast<double>(point.step), point.value});
  }
  for (const ThinCurve::Odd& odd : curve.odd) {
    points.push_back({static_cast<double>(odd.points.step), odd.value});
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
  return sparkline(points, kSparkWidth, has_unicode());
}

// "epoch 3/20", "reading pictures 120/600".
std::string stage_text(const Json& progress) {
  const std::string text = progress_text(progress);
  return text.substr(0, text.find(','));
}

std::optional<double> seconds_left(const Json& progress) {
  if (!progress.is_object()) return std::nullopt;
  const Json left = progress.value("seconds_left", Json());
  return left.is_number() ? std::optional(left.get<double>()) : std::nullopt;
}

class VersionWatch {
 public:
  VersionWatch(const Context& context, const WatchFlags& flags) : context_(context), flags_(flags) {
    update();
  }

  int run() {
    if (flags_.json) {
      print_json(document());
      return 0;
    }
    if (flags_.once) {
      print(table(shown(order_.size())).text());
      return 0;
    }
    const SignalsAsStop signals;
    LiveFrame live;
    const bool is_live = stdout_is_drawable();
    for (;;) {
      if (is_live) live.draw([this](TerminalSize room) { return frame(room); });
      if (!any_is_active()) break;
      std::this_thread::sleep_for(kPollInterval);
      if (!SignalsAsStop::reason().empty()) return static_cast<int>(ErrorKind::interrupted);
      update();
    }
    if (!is_live) print(table(shown(order_.size())).text());
    return 0;
  }

 private:
  // The versions that are meant now: a job's may have become more.
  void update() {
    Registry registry = context_.open_to_read();
    order_.clear();
    for (const std::string& reference : flags_.references) {
      if (reference.find('@') != std::string::npos) {
        add(registry, registry.version(reference));
        continue;
      }
      ListOptions options;
      options.limit = kMostOfJob;
      const auto listing = registry.list_versions(reference, options);
      // A job that is not there is told with its nearest name.
      if (listing.rows.empty()) registry.version(reference);
      for (const VersionSummary& row : listing.rows) add(registry, registry.version(row.id));
    }
  }

  void add(Registry& registry, VersionRecord record) {
    if (std::find(order_.begin(), order_.end(), record.id) != order_.end()) return;
    const Id id = record.id;
    order_.push_back(id);
    const auto found = versions_.find(id);
    if (found == versions_.end()) {
      std::filesystem::path folder = registry.home().version_folder(record.job, record.number);
      versions_.try_emplace(id, std::move(record), std::move(folder)).first->second.update();
      return;
    }
    // One that had ended has no new points, unless it goes on.
    const bool may_have_more = is_active(found->second.record().status) || is_active(record.status);
    found->second.set_record(std::move(record));
    if (may_have_more) found->second.update();
  }

  bool any_is_active() const {
    return std::any_of(order_.begin(), order_.end(),
                       [this](Id id) { return is_active(versions_.at(id).record().status); });
  }

  // At most so many, in their order: those that are under way before those that have ended.
  std::vector<Id> shown(std::size_t most) const {
    std::vector<Id> ids;
    for (const bool active : {true, false}) {
      for (const Id id : order_) {
        const bool is_wanted = is_active(versions_.at(id).record().status) == active;
        if (is_wanted && ids.size() < most) ids.push_back(id);
      }
    }
    std::vector<Id> sorted;
    for (const Id id : order_) {
      if (std::find(ids.begin(), ids.end(), id) != ids.end()) sorted.push_back(id);
    }
    return sorted;
  }

  Table table(const std::vector<Id>& ids) const {
    Table table({{"VERSION"},
                 {"STATUS"},
                 {"PROGRESS", Align::left, true, 4},
                 {"TIME", Align::right, false, 3},
                 {"LEFT", Align::right, false, 2},
                 {"METRIC", Align::left, true, 1},
                 {"BEST", Align::right},
                 {"LAST", Align::right, false, 5},
                 {"CURVE", Align::left, false, 6},
                 {"NOTE", Align::left, true, 7}});
    for (const Id id : ids) {
      const PlottedVersion& version = versions_.at(id);
      const VersionRecord& record = version.record();
      const MainMetric metric = main_metric_of(version);
      const auto left = seconds_left(version.progress());
      table.add({record.reference(), Cell(name_of(record.status), style_of(record.status)),
                 stage_text(version.progress()),
                 record.started_ms ? format_duration(duration_s(record)) : "-",
                 left ? format_duration(*left) : "-", metric.name.empty() ? "-" : metric.name,
                 metric_text(metric.best), metric_text(metric.last),
                 Cell(curve_text(version, metric.name), Style::active), record.status_reason});
    }
    return table;
  }

  std::string frame(TerminalSize room) const {
    // A line for the titles and one for what is left out.
    const auto most = static_cast<std::size_t>(std::max(1, room.rows - 2));
    const std::vector<Id> ids = shown(most);
    std::string text = table(ids).text();
    if (ids.size() < order_.size()) {
      const std::string more = fmt::format("and {} more", order_.size() - ids.size());
      text += styled(fit_width(more, room.columns), Style::dim, stdout_has_colour()) + "\n";
    }
    return text;
  }

  Json document() const {
    Json rows = Json::array();
    for (const Id id : order_) {
      const PlottedVersion& version = versions_.at(id);
      const MainMetric metric = main_metric_of(version);
      const auto number = [](const std::optional<double>& value) {
        return value ? Json(*value) : Json(nullptr);
      };
      Json row = version_json(static_cast<const VersionSummary&>(version.record()));
      row["progress"] = version.progress();
      row["metric"] = metric.name.empty() ? Json(nullptr)
                                          : Json{{"name", metric.name},
                                                 {"best", number(metric.best)},
                                                 {"last", number(metric.last)}};
      rows.push_back(std::move(row));
    }
    return {{"versions", std::move(rows)}};
  }

  const Context& context_;
  const WatchFlags& flags_;
  std::vector<Id> order_;
  std::map<Id, PlottedVersion> versions_;
};

}  // namespace

void add_version_watch(CLI::App* group, Context& context) {
  auto flags = std::make_shared<WatchFlags>();
  CLI::App* command =
      group->add_subcommand("watch", "Show how far versions are, until all have ended");
  command->add_option("JOB", flags->references, "A job's versions, or REF …")->required();
  command->add_flag("--once", flags->once, "Print the table as it is now");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] { return VersionWatch(context, *flags).run(); });
}

}  // namespace mat
