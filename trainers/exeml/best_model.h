#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trainers/exeml/gain.h"
#include "trainers/exeml/search_context.h"

namespace mat {

// Evaluates what rounds of training have made and keeps the best of it by its log loss on the
// validation pictures.
class BestModel {
 public:
  explicit BestModel(SearchContext& context) : context_(context) {}

  bool exists() const { return network_ != nullptr; }
  const std::shared_ptr<ImageNetwork>& network() const { return network_; }
  const Recipe& recipe() const { return recipe_; }

  // How long evaluating a network of this recipe takes, as far as is known.
  double seconds_to_evaluate(const Recipe& recipe) const;

  // Looks at the validation pictures, in fewer ways where time is short. `seconds` are those of its
  // training.
  void offer(const std::shared_ptr<ImageNetwork>& network, const Recipe& recipe, double seconds);
  // What the search goes on from, as it is: looks at them as that does, or not at all where it
  // would take more than a small part of the time.
  void offer_base(const std::shared_ptr<ImageNetwork>& network, const Recipe& recipe,
                  const Looks& looks);
  // One that could not be trained to its end, for the record.
  void note_failure(const std::string& name, const std::string& why);
  // The same in about `limit_s`, for a training that was stopped: only if there is no other.
  void offer_unfinished(const std::shared_ptr<ImageNetwork>& network, const Recipe& recipe,
                        double limit_s);
  // What the latest offer gained over the best before it.
  const Gain& latest_gain() const { return latest_gain_; }

  Json record() const;  // one object for each offer
  int rounds() const;   // offers, but for the base and failures
  bool is_base() const { return is_base_; }
  // Whether anything but the base has been trained, be it the best or not.
  bool has_trained() const { return rounds() > 0 || (exists() && !is_base_); }
  // The files of the version, and its metrics.
  void write() const;

  void save(Checkpoint& checkpoint) const;
  void load(const Checkpoint& checkpoint);

 private:
  struct Offer {
    std::string name;
    double seconds = 0, accuracy = 0, log_loss = 0;
    bool is_base = false;
    std::string failure;  // then there are no figures
  };
  Looks looks_of(const Recipe& recipe) const;
  // Keeps it when it is better than the best before; `answers` are defined.
  void compare(const std::shared_ptr<ImageNetwork>& network, const Recipe& recipe,
               const Looks& looks, const torch::Tensor& answers, double seconds, bool is_base);
  void keep(const std::shared_ptr<ImageNetwork>& network, const Recipe& recipe, const Looks& looks,
            const torch::Tensor& answers);

  SearchContext& context_;
  std::vector<Offer> offers_;
  Gain latest_gain_;
  std::shared_ptr<ImageNetwork> network_;
  Recipe recipe_;
  Looks looks_;
  bool is_base_ = false;
  torch::Tensor answers_;  // probabilities of the validation pictures; undefined: not evaluated
};

}  // namespace mat
