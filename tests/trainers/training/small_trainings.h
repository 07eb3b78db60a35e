#pragma once

#include <filesystem>
#include <string>

#include "core/algorithm/algorithm.h"
#include "core/training/trainer.h"
#include "tests/test_files.h"

namespace mat {

// Stripes that lie, stripes that stand, and none, in any colour and with noise.
inline std::string picture(int kind, unsigned number) {
  unsigned state = number * 2654435761U + 12345U;
  const auto random = [&] { return (state = state * 1664525U + 1013904223U) >> 8; };
  const std::uint32_t color = random() & 0x7f7f7f;
  const unsigned shift = random() % 6;
  return bmp_bytes(20, 18, [&](int x, int y) {
    const int place = kind == 0 ? x : y;
    const bool bright = kind < 2 ? (place + shift) / 3 % 2 == 0 : random() % 2 == 0;
    return (color + (bright ? 0x707070 : 0)) ^ (random() & 0x0f0f0f);
  });
}

inline void make_pictures(const std::filesystem::path& folder, unsigned per_class) {
  const char* const kClasses[] = {"standing", "lying", "noise"};
  for (int kind = 0; kind < 3; ++kind) {
    for (unsigned i = 0; i < per_class; ++i) {
      put_file(folder / kClasses[kind] / (std::to_string(i) + ".bmp"), picture(kind, i * 3 + kind));
    }
  }
}

inline TrainRequest request_for(const std::filesystem::path& data,
                                const std::filesystem::path& home, const std::string& version,
                                const std::string& algorithm = "small_cnn") {
  TrainRequest request;
  request.algorithm = algorithm;
  request.hyperparameters = Json::object();
  for (const Hyperparameter& h : find_builtin_algorithm(algorithm)->hyperparameters) {
    request.hyperparameters[h.name] = h.default_value;
  }
  request.hyperparameters["image_size"] = 16;
  request.hyperparameters["batch_size"] = 16;
  request.hyperparameters["epochs"] = 4;
  request.inputs["data_url"] = data;
  request.version_folder = home / version;
  request.cache_folder = home / "cache";
  std::filesystem::create_directories(request.version_folder);
  std::filesystem::create_directories(request.cache_folder);
  request.seed = 5;
  request.threads = 2;
  request.device = "cpu";
  return request;
}

}  // namespace mat
