#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trainers/models/network.h"
#include "trainers/training/evaluation.h"
#include "trainers/training/results.h"
#include "trainers/training/training_loop.h"

namespace mat {

// What tasks that train a network have in common: its weights in files and checkpoints, and the
// evaluation of the best ones.
class NetworkTask : public TrainingTask {
 public:
  // One that does not keep results writes no file; keep_best() and the like are not called then.
  NetworkTask(std::shared_ptr<Network> network, Results results, bool keeps_results = true);

  torch::OrderedDict<std::string, torch::Tensor> parameters() override {
    return network_->named_parameters();
  }
  void keep_best() override;
  void save_last() override { results_.save_last(*network_); }
  void save_state(Checkpoint& checkpoint, bool best_is_present) const override;
  void load_state(const Checkpoint& checkpoint) override;

  // See write_evaluation().
  void write_evaluation_of_best(const std::string& key, const std::vector<std::string>& names,
                                const std::vector<std::string>& classes) const;

 protected:
  Network& network() { return *network_; }
  // What validate() has found.
  Evaluation latest_;

 private:
  std::shared_ptr<Network> network_;
  Results results_;
  bool keeps_results_;
  Evaluation best_;
  Weights best_weights_;  // as the file has them; no tensors: nothing was validated yet
};

}  // namespace mat
