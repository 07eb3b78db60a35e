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
  // chooses one. False when a stop was requested. Throws a training_failed error when all failed.
  bool try_all();

  struct Tried {
    Recipe recipe;
    // Probabilities of every training picture, [N, classes]; undefined where it has told nothing.
    torch::Tensor out_of_sample;
    double seconds = 0;
    std::string failure;  // why it cannot be chosen; empty: it can
  };
  // One that was tried in another way; it is chosen, for this reason.
  void add(Tried tried, std::string why);

  const Recipe& chosen() const { return context_.plan().candidates[chosen_]; }
  // The chosen one has failed since: chooses among the others, tried or not. False when there is
  // none.
  bool choose_another(const std::string& failure);

  // Whether training pictures were judged by networks that have not learnt from them.
  bool has_out_of_sample() const;
  // The mean of what all have said.
  Predictions out_of_sample() const;
  // "candidates", with "failure" or "accuracy" and "log_loss"; "chosen", "why"
  Json record() const;

  void save(Checkpoint& checkpoint) const;
  void load(const Checkpoint& checkpoint);

 private:
  // False when a stop was requested or the time was over.
  bool try_folds(Tried& tried, std::size_t candidate, std::size_t count, double seconds);
  bool try_one(std::size_t candidate, std::size_t count, double seconds);
  bool try_fold(Tried& tried, const std::string& stage, const std::vector<int>& folds, int fold,
                double seconds);
  std::vector<std::size_t> usable() const;  // of tried_
  bool choose();                            // false when all have failed
  bool choose_untried();

  double spent_s() const;  // on tried_

  SearchContext& context_;
  std::vector<Tried> tried_;
  bool is_decided_ = false;  // no further one is tried
  std::size_t chosen_ = 0;
  std::string why_ = "there were no trials";
};

}  // namespace mat
