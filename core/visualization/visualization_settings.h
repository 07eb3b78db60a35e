#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace mat {

// How a visualization is started, and started again.
struct VisualizationSettings {
  std::vector<std::string> program;  // TensorBoard on this machine, see find_tensorboard()
  std::string host = "127.0.0.1";
  int port = 0;                       // 0: any that is free
  std::optional<double> auto_stop_s;  // counted from each start
};

Json to_json(const VisualizationSettings& settings);
// Throws io errors that name `what`.
VisualizationSettings visualization_settings_from_json(const Json& json, const std::string& what);

}  // namespace mat
