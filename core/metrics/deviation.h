#pragma once

#include <string>
#include <string_view>

namespace mat {

// The metric that says by how much another one varies from seed to seed: "accuracy_deviation".
inline constexpr std::string_view kDeviationSuffix = "_deviation";

inline std::string deviation_name(std::string_view metric) {
  return std::string(metric) + std::string(kDeviationSuffix);
}

}  // namespace mat
