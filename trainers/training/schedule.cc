#include "trainers/training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mat {

LearningRateSchedule::LearningRateSchedule(const std::string& kind, double peak, double warmup,
                                           std::int64_t steps)
    : cosine_(kind == "cosine"),
      peak_(peak),
      warmup_steps_(std::llround(warmup * static_cast<double>(steps))),
      steps_(steps) {}

double LearningRateSchedule::at(std::int64_t step) const {
  if (step < warmup_steps_) {
    return peak_ * static_cast<double>(step + 1) / static_cast<double>(warmup_steps_ + 1);
  }
  if (!cosine_) return peak_;
  const auto left = static_cast<double>(std::max<std::int64_t>(steps_ - warmup_steps_, 1));
  const double done = std::min(static_cast<double>(step - warmup_steps_) / left, 1.0);
  return peak_ * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

}  // namespace mat
