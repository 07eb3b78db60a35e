#include "core/training/answers.h"

#include <algorithm>
#include <cmath>

namespace mat {
namespace {

// Sums of rounded numbers.
constexpr float kHighest = 1.001F;

}  // namespace

std::string probabilities_problem(std::span<const float> probabilities) {
  const bool are_ones = std::all_of(probabilities.begin(), probabilities.end(), [](float p) {
    return std::isfinite(p) && p >= 0 && p <= kHighest;
  });
  return are_ones ? "" : "the model does not answer with probabilities: its weights may be damaged";
}

std::string values_problem(std::span<const double> values) {
  const bool are_finite =
      std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  return are_finite ? "" : "the model does not answer with numbers: its weights may be damaged";
}

}  // namespace mat
