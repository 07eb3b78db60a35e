#pragma once

#include <cstddef>
#include <vector>

#include "core/metrics/calibration.h"

namespace mat {

// A sample whose label looks wrong, judged by predictions from networks that have not learnt from
// that sample.
struct LabelSuspect {
  std::size_t sample = 0;
  int suggested = 0;       // the class that it looks like
  double given_score = 0;  // probability of the label that it has
  double suggested_score = 0;
  // How much more it looks like the other class, each class measured by how sure the network is of
  // that class at its own samples (Northcutt et al., "Confident Learning"): -1 to 1, above 0 where
  // it looks more like another one.
  double suspicion = 0;
};

// All samples, the most suspicious first.
std::vector<LabelSuspect> rank_labels(const Predictions& out_of_sample);

}  // namespace mat
