#include "core/service/service_settings.h"

#include <fmt/core.h>

#include "core/base/error.h"

namespace mat {

Json to_json(const ServiceSettings& settings) {
  return {{"host", settings.host},
          {"port", settings.port},
          {"last_port", settings.last_port},
          {"auto_stop_s", settings.auto_stop_s ? Json(*settings.auto_stop_s) : Json(nullptr)},
          {"restart", settings.restart},
          {"device", settings.device},
          {"precision", settings.precision},
          {"batch_size", settings.batch_size},
          {"max_body_bytes", settings.max_body_bytes},
          {"max_pixels", settings.max_pixels},
          {"max_connections", settings.max_connections},
          {"drain_s", settings.drain_s}};
}

ServiceSettings service_settings_from_json(const Json& json, const std::string& what) {
  try {
    ServiceSettings settings;
    json.at("host").get_to(settings.host);
    json.at("port").get_to(settings.port);
    settings.last_port = json.value("last_port", 0);
    if (!json.at("auto_stop_s").is_null()) settings.auto_stop_s = json["auto_stop_s"].get<double>();
    json.at("restart").get_to(settings.restart);
    json.at("device").get_to(settings.device);
    json.at("precision").get_to(settings.precision);
    json.at("batch_size").get_to(settings.batch_size);
    json.at("max_body_bytes").get_to(settings.max_body_bytes);
    json.at("max_pixels").get_to(settings.max_pixels);
    json.at("max_connections").get_to(settings.max_connections);
    json.at("drain_s").get_to(settings.drain_s);
    return settings;
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("{}: bad settings: {}", what, e.what()));
  }
}

}  // namespace mat
