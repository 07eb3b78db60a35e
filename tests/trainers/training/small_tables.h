#pragma once

#include <cmath>
#include <filesystem>
#include <string>

#include "core/algorithm/algorithm.h"
#include "core/base/text.h"
#include "core/training/trainer.h"

namespace mat {

// Whether a point lies inside a circle, its distance from the middle, and a column of text that
// shifts that distance; some values are missing.
inline std::string table(int rows) {
  unsigned state = 1;
  const auto random = [&] {
    state = state * 1664525U + 1013904223U;
    return static_cast<double>(state >> 8) / (1 << 23) - 1;
  };
  std::string csv = "x,y,kind,inside,distance\n";
  for (int i = 0; i < rows; ++i) {
    const double x = random(), y = random();
    const bool far = random() > 0;
    const double distance = std::sqrt(x * x + y * y) + (far ? 1 : 0);
    csv += (i % 50 == 7 ? std::string() : format_number(x)) + "," + format_number(y) + "," +
           (far ? "far" : "near") + "," + (distance < 0.8 ? "yes" : "no") + "," +
           format_number(100 + 10 * distance) + "\n";
  }
  return csv;
}

inline TrainRequest table_request(const std::filesystem::path& folder, const std::string& target,
                                  const std::string& ignored) {
  TrainRequest request;
  request.algorithm = "tabular_mlp";
  request.hyperparameters = Json::object();
  for (const Hyperparameter& h : find_builtin_algorithm("tabular_mlp")->hyperparameters) {
    request.hyperparameters[h.name] = h.default_value;
  }
  request.hyperparameters["target"] = target;
  request.hyperparameters["ignore_columns"] = ignored;
  request.hyperparameters["epochs"] = 30;
  request.hyperparameters["lr"] = 0.01;
  request.inputs["data_url"] = folder / "table.csv";
  request.version_folder = folder / ("version-" + target);
  request.cache_folder = folder / "cache";
  std::filesystem::create_directories(request.version_folder);
  request.threads = 1;
  request.device = "cpu";
  request.seed = 3;
  return request;
}

}  // namespace mat
