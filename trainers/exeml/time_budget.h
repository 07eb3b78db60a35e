#pragma once

#include "core/base/time.h"

namespace mat {

// The limit of a training's duration. Time that earlier attempts used counts.
class TimeBudget {
 public:
  TimeBudget(double limit_s, double used_before_s)
      : limit_s_(limit_s), began_s_(monotonic_seconds() - used_before_s) {}

  double limit_s() const { return limit_s_; }
  double used_s() const { return monotonic_seconds() - began_s_; }
  double left_s() const { return limit_s_ - used_s(); }

 private:
  double limit_s_;
  double began_s_;
};

}  // namespace mat
