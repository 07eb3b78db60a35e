#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/json.h"

namespace mat {

// How a service is started, and started again.
struct ServiceSettings {
  std::string host = "127.0.0.1";
  int port = 0;                       // 0: any that is free, that of the last time before others
  int last_port = 0;                  // 0: it has not run yet
  std::optional<double> auto_stop_s;  // counted from the first answer after each start
  bool restart = false;               // when its process dies
  std::string device = "auto", precision = "auto";
  std::int64_t batch_size = 32;
  std::size_t max_body_bytes = 20'000'000;
  std::int64_t max_pixels = 50'000'000;
  std::int64_t max_connections = 512;
  double drain_s = 60;  // how long a stop waits for what is under way
};

Json to_json(const ServiceSettings& settings);
// Throws io errors that name `what`.
ServiceSettings service_settings_from_json(const Json& json, const std::string& what);

}  // namespace mat
