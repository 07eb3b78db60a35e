#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainers/exeml/answers.h"
#include "trainers/exeml/recipe.h"

namespace mat {

// What is tried and how long, by what the user prefers.
struct SearchPlan {
  // Networks and rates to compare, the one that usually does best first. Sizes and augmentation
  // come from recipe_for().
  std::vector<Recipe> candidates;
  double trial_part = 0.2;    // of the time, for trials of the candidates
  double trial_s = 40;        // that each should have, or fewer are tried
  double trial_length = 0.5;  // how long each is at most, see enough_samples()
  double most_time_part = 1;  // of the time, at most, altogether
  double length = 1;          // how long a round of training is, see enough_samples()
  int rounds = 2;             // further rounds, each twice as long, while they still help
  bool fine_tunes = true;     // pretrained networks; otherwise only a new last layer is trained
  Looks looks;                // of the finished model; the size is the recipe's
};

// What pictures are shrunk to for networks that were trained elsewhere, and so on larger ones.
constexpr int kPretrainedShortSide = 288;

// `preference` is "performance_first", "balance" or "accuracy_first".
SearchPlan plan_search(const std::string& preference);

// How many pictures a network must be shown before more of them change little: grows with the root
// of the set's size for small sets, and linearly for large ones.
std::int64_t enough_samples(std::size_t pictures, double length);

// The candidate with sizes and augmentation for a training of so many samples: the longer it is,
// the stronger the augmentation and the larger the pictures at its end.
Recipe recipe_for(const Recipe& candidate, double samples);

}  // namespace mat
