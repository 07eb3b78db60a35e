#pragma once

#include <cstdint>
#include <string>

namespace mat {

// The learning rate of each step: a linear warm-up, then constant or half a cosine down to zero.
class LearningRateSchedule {
 public:
  // `kind` is "cosine" or "constant"; `warmup` is the part of all steps, 0 to 1, that the warm-up
  // takes.
  LearningRateSchedule(const std::string& kind, double peak, double warmup, std::int64_t steps);

  // `step` counts from 0. The first step of a warm-up is already above zero, and the last step of
  // a cosine still is, so that no step is done for nothing.
  double at(std::int64_t step) const;

 private:
  bool cosine_;
  double peak_;
  std::int64_t warmup_steps_;
  std::int64_t steps_;
};

}  // namespace mat
