#include "core/visualization/table_columns.h"

#include <set>
#include <string>
#include <utility>

#include "core/base/file.h"
#include "core/curves/metric_groups.h"
#include "core/metrics/event_file.h"
#include "core/metrics/record_file.h"
#include "core/run/run_observer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// They are in the head of an event file, behind its charts.
constexpr int kRecordsOfHead = 8;

std::optional<Json> settings_of(const fs::path& version_folder) {
  for (const fs::path& file : event_files_in(version_folder)) {
    RecordReader reader(file);
    for (int i = 0; i < kRecordsOfHead; ++i) {
      const auto record = reader.next();
      if (!record) break;
      if (auto settings = settings_in_event(*record)) return settings;
    }
  }
  return std::nullopt;
}

// As they are drawn: what matters most first.
std::vector<std::string> in_order(const std::set<std::string>& metrics) {
  std::vector<std::string> ordered;
  for (const MetricGroup& group : metric_groups({metrics.begin(), metrics.end()})) {
    ordered.insert(ordered.end(), group.metrics.begin(), group.metrics.end());
  }
  return ordered;
}

}  // namespace

void write_table_columns(const Home& home, const std::vector<VersionRecord>& versions,
                         const fs::path& to) {
  TableColumnsSummary columns;
  std::set<std::string> metrics;
  for (const VersionRecord& version : versions) {
    const fs::path folder = home.version_folder(version.job, version.number);
    if (auto settings = settings_of(folder)) columns.settings.push_back(std::move(*settings));
    // Those of one that is under way are recorded at its end.
    const auto known = is_active(version.status) ? summarize_curves(folder) : version.metrics;
    for (const auto& [name, summary] : known) metrics.insert(name);
  }
  if (metrics.empty()) return;
  columns.metrics = in_order(metrics);
  make_folders(to);
  EventWriter writer(to);
  writer.add({{}, 0, std::move(columns)});
  writer.flush();
}

}  // namespace mat
