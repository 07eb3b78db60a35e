#include "trainers/exeml/gain.h"

#include <algorithm>
#include <cmath>

namespace mat {

Gain gain_of(const Predictions& before, const Predictions& after) {
  constexpr float kLeast = 1e-7F;
  const auto count = static_cast<double>(after.size());
  if (count < 2) return {};
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto label = static_cast<std::size_t>(after.labels[i]);
    const double gain =
        std::log(std::max(after.of(i)[label], kLeast) / std::max(before.of(i)[label], kLeast));
    sum += gain;
    squares += gain * gain;
  }
  const double mean = sum / count;
  return {mean, std::sqrt(std::max(0.0, squares / count - mean * mean) / (count - 1))};
}

}  // namespace mat
