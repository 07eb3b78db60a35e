#pragma once

#include <string>
#include <vector>

#include "trainers/exeml/search_context.h"

namespace mat {

// What was tried, and what it said of training pictures that it had not learnt from.
class Candidates {
 public:
  explicit Candidates(SearchContext& context) : context_(context) {}

  // Trains as many of the plan's candidates as there is time for, in a cross validation, and
  // chooses one. False when a stop was requested.
  bool try_all();

  struct Tried {
    Recipe recipe;
    torch::Tensor out_of_sample;  // probabilities of every training picture, [N, classes]
    double seconds = 0;
  };
  // One that was tried in another way; it is chosen, for this reason.
  void add(Tried tried, std::string why);

  const Recipe& chosen() const { return context_.plan().candidates[chosen_]; }
  bool empty() const { return tried_.empty(); }
  // The mean of what all have said.
  Predictions out_of_sample() const;
  Json record() const;  // "candidates", "chosen", "why"

  void save(Checkpoint& checkpoint) const;
  void load(const Checkpoint& checkpoint);

 private:
  // False when a stop was requested or the time was over.
  bool try_one(std::size_t candidate, std::size_t count, double seconds);
  bool try_fold(Tried& tried, const std::string& stage, const std::vector<int>& folds, int fold,
                double seconds);
  void choose();

  SearchContext& context_;
  std::vector<Tried> tried_;
  std::size_t chosen_ = 0;
  std::string why_ = "there were no trials";
};

}  // namespace mat
