#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/curves/curve_index.h"

namespace mat {

// The steps of curves as epochs. A step of mat's own trainings is a batch, of validation metrics
// the last batch before the validation, counted from the beginning of the training; that of a
// command is what the command says.
class EpochScale {
 public:
  // By what is known of a version: "batches_per_epoch" in its facts; else "epochs" and "steps" of a
  // training under way (read_progress()); else the curve named epoch, which Lightning writes, taken
  // as lines between its points. Nothing where a training has no epochs, or does not tell them.
  static std::optional<EpochScale> of(const Json& facts, const Json& progress,
                                      const CurveIndex& curves);

  double epoch_at(double step) const;
  double step_at(double epoch) const;  // the first of that epoch

 private:
  double steps_per_epoch_ = 0;
  std::vector<std::pair<double, double>> known_;  // steps and their epochs; both never fall
};

}  // namespace mat
