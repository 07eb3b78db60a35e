#include "core/visualization/visualization_settings.h"

#include <fmt/core.h>

#include "core/base/error.h"

namespace mat {

Json to_json(const VisualizationSettings& settings) {
  return {{"program", settings.program},
          {"host", settings.host},
          {"port", settings.port},
          {"auto_stop_s", settings.auto_stop_s ? Json(*settings.auto_stop_s) : Json(nullptr)}};
}

VisualizationSettings visualization_settings_from_json(const Json& json, const std::string& what) {
  try {
    VisualizationSettings settings;
    json.at("program").get_to(settings.program);
    json.at("host").get_to(settings.host);
    json.at("port").get_to(settings.port);
    if (!json.at("auto_stop_s").is_null()) settings.auto_stop_s = json["auto_stop_s"].get<double>();
    return settings;
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("{}: bad settings: {}", what, e.what()));
  }
}

}  // namespace mat
