#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "trainers/data/picture_levels.h"
#include "trainers/training/image_data.h"

namespace mat {

// For each training picture the first one that shows the same photograph, see
// near_duplicate_groups(). Only itself where `go_on`, which is asked now and then, said no.
std::vector<int> same_photographs(const ImageData& data, int threads,
                                  const std::function<bool()>& go_on);

// Which of `folds` parts each place is in, by the seed: about as many of every class in each.
// Places with one number in `groups` are in one part, unless there are fewer groups than parts, or
// no more than one that has pictures of a place's class.
std::vector<int> fold_of_each(const std::vector<LabelledPlace>& places,
                              const std::vector<int>& groups, int folds, std::uint64_t seed);

// Those in the fold, or those that are not; `indexes` gets where they stand in `places`.
std::vector<LabelledPlace> in_fold(const std::vector<LabelledPlace>& places,
                                   const std::vector<int>& folds, int fold, bool inside,
                                   std::vector<std::int64_t>* indexes = nullptr);

}  // namespace mat
