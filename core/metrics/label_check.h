#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/json.h"
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

// Of photographs with 5 % wrong labels, every third or fourth above it was wrong, judged by
// networks of an accuracy of 0.8 of two classes and of 0.34 of six; of those below it no more
// than of all.
inline constexpr double kLeastSuspicion = 0.2;

// How good those are that judge labels.
struct LabelJudge {
  double accuracy = 0;  // on pictures that they have not learnt from
  double chance = 0;    // of who says the most frequent label of all pictures
  std::int64_t pictures = 0;
  // Of these, what the weights that the judges begin with had learnt from, with the same labels
  // perhaps: they do not find wrong ones among them.
  std::int64_t known_before = 0;

  // Whether it is better than that, and by more than luck.
  bool is_useful() const;
};

// Those of a version of exeml, by what it has recorded.
LabelJudge label_judge(const Json& facts);

// All samples, the most suspicious first.
std::vector<LabelSuspect> rank_labels(const Predictions& out_of_sample);

}  // namespace mat
