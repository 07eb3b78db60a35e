#include "core/run/own_limit.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr double kMostPart = 0.5;
constexpr double kToldFrom = 0.01;

}  // namespace

void take_preparation_off(const Json& facts, Json& hyperparameters, TrainObserver& observer) {
  const auto limit = hyperparameters.find(kOwnLimit);
  const auto prepared = facts.find(kPreparedSeconds);
  if (limit == hyperparameters.end() || prepared == facts.end() || !prepared->is_number()) return;
  const double limit_s = 60 * limit->get<double>();
  const double used_s = std::clamp(prepared->get<double>(), 0.0, kMostPart * limit_s);
  *limit = (limit_s - used_s) / 60;
  if (used_s < kToldFrom * limit_s) return;
  observer.log(fmt::format("{} of the {} went by before the training", format_duration(used_s),
                           format_duration(limit_s)));
}

}  // namespace mat
