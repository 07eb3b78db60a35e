#include "cli/commands/views.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/base/time.h"
#include "core/http/listen.h"
#include "core/metrics/deviation.h"

namespace mat {
namespace {

constexpr int kNarrowestText = 16;

Json optional_json(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json time_json(const std::optional<std::int64_t>& ms) {
  return ms ? Json(utc_text(*ms)) : Json(nullptr);
}

Json metric_json(const MetricSummary& m) {
  return {{"best", m.best},   {"best_step", m.best_step},
          {"last", m.last},   {"last_step", m.last_step},
          {"first", m.first}, {"first_step", m.first_step},
          {"min", m.min},     {"min_step", m.min_step},
          {"max", m.max},     {"max_step", m.max_step},
          {"count", m.count}};
}

std::string text_of(const FieldValues& values, std::size_t row) {
  const Json& value = values.values[row];
  if (value.is_number() && values.meaning == FieldValues::Meaning::time_ms) {
    return local_text(value.get<std::int64_t>());
  }
  if (value.is_number() && values.meaning == FieldValues::Meaning::duration_s) {
    return format_duration(value.get<double>());
  }
  return value_text(json_of(values, row));
}

// Broken at blanks into lines of at most `width` columns; a longer word has a line of its own.
std::vector<std::string> wrapped(const std::string& text, int width) {
  std::vector<std::string> lines{""};
  for (const std::string& word : split(text, ' ')) {
    std::string& line = lines.back();
    if (line.empty()) {
      line = word;
    } else if (display_width(line) + 1 + display_width(word) <= width) {
      line += " " + word;
    } else {
      lines.push_back(word);
    }
  }
  return lines;
}

// Of the values beside the names of fields; 0: no end.
int room_beside(const std::vector<std::pair<std::string, Cell>>& fields) {
  int widest = 0;
  for (const auto& [name, value] : fields) widest = std::max(widest, display_width(name));
  const int columns = stdout_width();
  return columns == 0 ? 0 : std::max(kNarrowestText, columns - widest - 2);
}

}  // namespace

void print_fields(const std::vector<std::pair<std::string, Cell>>& fields) {
  const int room = room_beside(fields);
  Table table({{""}, {""}});
  for (const auto& [name, value] : fields) {
    if (value.text.empty()) continue;
    std::string beside = name;
    for (std::string& line : room == 0 ? std::vector{value.text} : wrapped(value.text, room)) {
      table.add({Cell(std::exchange(beside, ""), Style::dim), Cell(std::move(line), value.style)});
    }
  }
  print(table.text());
}

void print_list(const Table& table, std::int64_t total, const std::string& what,
                const std::string& how_to_make_one, const std::string& filter) {
  if (!table.empty()) {
    print(table.text());
    note_left_out(table);
  } else if (total == 0 && !filter.empty()) {
    note(fmt::format("no {}: none matches the filter", what));
  } else if (total == 0) {
    note(fmt::format("no {} here; '{}' makes one", what, how_to_make_one));
  }
}

void note_left_out(const Table& table) {
  const std::vector<std::string> titles = table.left_out();
  if (titles.empty()) return;
  note(fmt::format("too narrow for: {} (--json has them)", join(titles, ", ")));
}

void note_how_others_reach(const std::string& host) {
  if (!is_any_address(host)) return;
  note(fmt::format("others reach it at this machine's address in place of {}",
                   host.find(':') == std::string::npos ? "127.0.0.1" : "::1"));
}

Style style_of(Status status) {
  switch (status) {
    case Status::completed:
      return Style::good;
    case Status::failed:
    case Status::abnormal:
      return Style::bad;
    case Status::terminated:
      return Style::warning;
    case Status::initializing:
    case Status::pending:
    case Status::running:
      return Style::active;
  }
  return Style::plain;
}

std::string metric_text(const std::optional<double>& value) {
  if (!value) return "-";
  // What four decimals would hide, or make long.
  constexpr double kSmall = 5e-5, kLarge = 1e9;
  const double size = std::abs(*value);
  return (size > 0 && size < kSmall) || size >= kLarge ? fmt::format("{:.4g}", *value)
                                                       : fmt::format("{:.4f}", *value);
}

std::string metric_text(const std::optional<double>& value,
                        const std::optional<double>& deviation) {
  const std::string text = metric_text(value);
  return value && deviation ? fmt::format("{} ± {:.4f}", text, *deviation) : text;
}

std::string value_text(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  return to_json_text(value);
}

Json job_json(const JobRecord& job, VersionLabel label) {
  return {{"name", job.name},
          {"description", job.description},
          {"experiment", job.experiment.empty() ? Json(nullptr) : Json(job.experiment)},
          {"versions", job.version_count},
          {"latest", job.latest_number > 0 ? Json(label(job.latest_number)) : Json(nullptr)},
          {"latest_status", job.latest_status ? Json(name_of(*job.latest_status)) : Json(nullptr)},
          {"best_accuracy", optional_json(job.best_accuracy)},
          {"created", utc_text(job.created_ms)}};
}

Table job_table(const std::vector<JobRecord>& jobs, VersionLabel label) {
  Table table({{"NAME"},
               {"VERSIONS", Align::right},
               {"LATEST"},
               {"STATUS"},
               {"BEST ACCURACY", Align::right},
               {"EXPERIMENT", Align::left, false, 1},
               {"CREATED", Align::left, false, 2},
               {"DESCRIPTION", Align::left, true}});
  for (const JobRecord& job : jobs) {
    Cell status("-");
    if (job.latest_status) status = Cell(name_of(*job.latest_status), style_of(*job.latest_status));
    table.add({job.name, std::to_string(job.version_count),
               job.latest_number > 0 ? label(job.latest_number) : "-", status,
               metric_text(job.best_accuracy), job.experiment.empty() ? "-" : job.experiment,
               short_local_text(job.created_ms), job.description});
  }
  return table;
}

std::string progress_text(const Json& progress) {
  if (!progress.is_object()) return "";
  const auto text_of = [&](const char* key) { return value_text(progress.value(key, Json())); };
  if (progress.contains("phase")) {
    return fmt::format("{} {}/{}", text_of("phase"), text_of("done"), text_of("total"));
  }
  const Json stage = progress.value("stage", Json());
  std::string text = stage.is_string() && stage != ""
                         ? stage.get<std::string>()
                         : fmt::format("epoch {}/{}, step {}/{}", text_of("epoch"),
                                       text_of("epochs"), text_of("step"), text_of("steps"));
  const Json metric = progress.value("metric", Json());
  if (metric.is_number()) {
    text += fmt::format(", {} {}", text_of("metric_name"), metric_text(metric.get<double>()));
  }
  const Json left = progress.value("seconds_left", Json());
  if (left.is_number()) text += fmt::format(", {} left", format_duration(left.get<double>()));
  return text;
}

double duration_s(const VersionSummary& version) {
  if (!version.started_ms) return std::numeric_limits<double>::quiet_NaN();
  // The clock may have been set back meanwhile.
  const std::int64_t under_way_ms =
      version.running_since_ms ? std::max<std::int64_t>(0, now_ms() - *version.running_since_ms)
                               : 0;
  return static_cast<double>(version.trained_ms + under_way_ms) / 1000;
}

Json version_json(const VersionSummary& v) {
  const double seconds = duration_s(v);
  return {{"reference", v.reference()},
          {"job", v.job},
          {"version", version_label(v.number)},
          {"number", v.number},
          {"status", name_of(v.status)},
          {"status_reason", v.status_reason},
          {"algorithm", v.algorithm},
          {"accuracy", optional_json(v.accuracy)},
          {"precision", optional_json(v.precision)},
          {"recall", optional_json(v.recall)},
          {"f1", optional_json(v.f1)},
          {"parent", v.parent.empty() ? Json(nullptr) : Json(v.parent)},
          {"created", utc_text(v.created_ms)},
          {"started", time_json(v.started_ms)},
          {"ended", time_json(v.ended_ms)},
          {"duration_s", std::isnan(seconds) ? Json(nullptr) : Json(seconds)}};
}

Json version_json(const VersionRecord& v) {
  Json document = version_json(static_cast<const VersionSummary&>(v));
  document["settings"] = v.settings;
  document["metrics"] = Json::object();
  for (const auto& [name, summary] : v.metrics) document["metrics"][name] = metric_json(summary);
  document["facts"] = v.facts;
  return document;
}

Json json_of(const FieldValues& values, std::size_t row) {
  const Json& value = values.values[row];
  if (value.is_number() && values.meaning == FieldValues::Meaning::time_ms) {
    return utc_text(value.get<std::int64_t>());
  }
  if (value.is_number() && values.meaning == FieldValues::Meaning::version_number) {
    return version_label(value.get<std::int64_t>());
  }
  return value;
}

std::optional<double> deviation_of(const VersionRecord& version, const std::string& metric) {
  const auto found = version.metrics.find(deviation_name(metric));
  return found == version.metrics.end() ? std::nullopt : std::optional(found->second.best);
}

bool is_deviation(const VersionRecord& version, std::string_view metric) {
  if (!metric.ends_with(kDeviationSuffix)) return false;
  metric.remove_suffix(kDeviationSuffix.size());
  return version.metrics.contains(std::string(metric));
}

std::vector<ExtraColumn> deviations_of(Registry& registry,
                                       const std::vector<VersionSummary>& versions) {
  std::vector<ExtraColumn> columns;
  const std::vector<std::string> known = registry.version_field_names();
  for (const char* metric : {"accuracy", "precision", "recall", "f1"}) {
    const std::string field = deviation_name(metric);
    if (std::find(known.begin(), known.end(), field) == known.end()) continue;
    columns.push_back({field, registry.values_of(versions, field)});
  }
  return columns;
}

Table version_table(const std::vector<VersionSummary>& versions,
                    const std::vector<ExtraColumn>& extra, bool with_job,
                    const std::vector<ExtraColumn>& deviations) {
  std::vector<Column> columns{{with_job ? "REFERENCE" : "VERSION"}, {"STATUS"}, {"ALGORITHM"}};
  for (const ExtraColumn& column : extra) columns.push_back({column.field, Align::right});
  columns.push_back({"ACCURACY", Align::right});
  columns.push_back({"PRECISION", Align::right, false, 3});
  columns.push_back({"RECALL", Align::right, false, 4});
  columns.push_back({"F1", Align::right, false, 5});
  columns.push_back({"TIME", Align::right, false, 1});
  columns.push_back({"CREATED", Align::left, false, 2});
  columns.push_back({"NOTE", Align::left, true});
  Table table(columns);
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const VersionSummary& v = versions[i];
    const std::string label = version_label(v.number);
    std::vector<Cell> row{with_job ? v.job + "@" + label : label,
                          Cell(name_of(v.status), style_of(v.status)), v.algorithm};
    for (const ExtraColumn& column : extra) row.emplace_back(text_of(column.values, i));
    const auto deviation = [&](const std::string& metric) -> std::optional<double> {
      for (const ExtraColumn& column : deviations) {
        const Json& value = column.values.values[i];
        if (column.field == deviation_name(metric) && value.is_number()) return value.get<double>();
      }
      return std::nullopt;
    };
    row.emplace_back(metric_text(v.accuracy, deviation("accuracy")));
    row.emplace_back(metric_text(v.precision, deviation("precision")));
    row.emplace_back(metric_text(v.recall, deviation("recall")));
    row.emplace_back(metric_text(v.f1, deviation("f1")));
    row.emplace_back(format_duration(duration_s(v)));
    row.emplace_back(short_local_text(v.created_ms));
    const std::string parent = v.parent.empty() ? "" : "from " + v.parent;
    row.emplace_back(v.status_reason.empty() ? parent : v.status_reason);
    table.add(row);
  }
  return table;
}

}  // namespace mat
