#include "cli/commands/visualization_view.h"

#include <fmt/core.h>

#include "cli/commands/views.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/training/log_file.h"
#include "core/visualization/visualization_settings.h"

namespace mat {
namespace {

Json time_or_null(const std::optional<std::int64_t>& ms) {
  return ms ? Json(utc_text(*ms)) : Json(nullptr);
}

std::string log_of(const VisualizationRecord& visualization, const Home& home) {
  return (home.visualization_folder(visualization.name) / kLogName).string();
}

std::string process_of(const VisualizationRecord& visualization) {
  const auto pid = visualization.facts.find("pid");
  return pid == visualization.facts.end() || !is_active(visualization.status) ? std::string()
                                                                              : value_text(*pid);
}

std::string auto_stop_of(const VisualizationRecord& visualization) {
  const auto settings =
      visualization_settings_from_json(visualization.settings, visualization.name);
  return settings.auto_stop_s ? format_duration(*settings.auto_stop_s) : "never";
}

}  // namespace

Json visualization_json(const VisualizationRecord& visualization, const Home& home) {
  return {{"name", visualization.name},
          {"versions", visualization.versions},
          {"status", name_of(visualization.status)},
          {"reason", visualization.reason},
          {"address", visualization.address.empty() ? Json(nullptr) : Json(visualization.address)},
          {"created", utc_text(visualization.created_ms)},
          {"started", time_or_null(visualization.started_ms)},
          {"ended", time_or_null(visualization.ended_ms)},
          {"settings", visualization.settings},
          {"facts", visualization.facts},
          {"log", log_of(visualization, home)}};
}

Table visualization_table(const std::vector<VisualizationRecord>& visualizations) {
  Table table({{"NAME"},
               {"STATUS"},
               {"ADDRESS"},
               {"VERSIONS", Align::left, true},
               {"STARTED", Align::left, false, 1},
               {"REASON", Align::left, true, 2}});
  for (const VisualizationRecord& each : visualizations) {
    table.add({each.name,
               {name_of(each.status), style_of(each.status)},
               each.address.empty() ? "-" : each.address,
               join(each.versions, " "),
               each.started_ms ? short_local_text(*each.started_ms) : "-",
               each.reason});
  }
  return table;
}

void print_visualization(const VisualizationRecord& visualization, const Home& home) {
  const auto& started_ms = visualization.started_ms;
  const auto& ended_ms = visualization.ended_ms;
  print_fields({{"visualization", visualization.name},
                {"status", {name_of(visualization.status), style_of(visualization.status)}},
                {"reason", visualization.reason},
                {"versions", join(visualization.versions, ", ")},
                {"address", visualization.address},
                {"process", process_of(visualization)},
                {"auto stop", auto_stop_of(visualization)},
                {"started", started_ms ? local_text(*started_ms) : std::string()},
                {"ended", ended_ms ? local_text(*ended_ms) : std::string()},
                {"log", log_of(visualization, home)}});
}

}  // namespace mat
