#pragma once

#include <cstdint>
#include <vector>

#include "trainers/data/picture_levels.h"

namespace mat {

// Which of `folds` parts each place is in: about as many of every class in each, by the seed.
std::vector<int> fold_of_each(const std::vector<LabelledPlace>& places, int folds,
                              std::uint64_t seed);

// Those in the fold, or those that are not; `indexes` gets where they stand in `places`.
std::vector<LabelledPlace> in_fold(const std::vector<LabelledPlace>& places,
                                   const std::vector<int>& folds, int fold, bool inside,
                                   std::vector<std::int64_t>* indexes = nullptr);

}  // namespace mat
