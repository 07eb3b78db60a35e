#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/dataset/usage.h"

namespace mat {

struct PictureSet;

struct SplitOptions {
  // Without a validation folder, round(n * ratio) of a class's n pictures: at least one, and never
  // all of them, where there are two or more. From 0 (none) to below 1.
  double validation_ratio = 0.2;
  std::uint64_t seed = 0;
};

// A usage error for a ratio that is none.
void check_split(const SplitOptions& options);

// Of every class's training pictures those go to validation that come first by a hash of seed and
// name, so the choice depends on nothing else.
void split_classes(PictureSet& set, const SplitOptions& options);

// One picture of a split by groups.
struct SplitSample {
  std::string name;            // what the choice depends on, with the seed
  std::string stratum;         // its label, or labels together
  std::optional<Usage> usage;  // kept where it is decided
  int group = -1;              // pictures that must be on one side have the same; -1: its own
};

// Decides train or validation for every sample that has no usage, such that each stratum has the
// part `train_ratio` (between 0 and 1) in train as nearly as its groups allow, at least one picture
// on each side where it has two or more groups, and no group is on two sides. An undecided picture
// goes with its group when a part of that is decided; when the parts disagree, to train where one
// of them trains, else to validation.
// Depends on seed, names and groups only, not on the order of `samples`.
std::vector<Usage> split_samples(const std::vector<SplitSample>& samples, double train_ratio,
                                 std::uint64_t seed);

}  // namespace mat
