#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/training/trainer.h"
#include "trainers/distributed/connection.h"
#include "trainers/models/weights_file.h"
#include "trainers/torch.h"
#include "trainers/training/checkpoint.h"

namespace mat {

// The nodes of one training, for whoever trains. All of them must call the same functions in the
// same order, unless it is said otherwise. To be used by one thread at a time. Throws NodesLost
// when the others are gone, see connection.h; where a word of others is waited for, an interrupted
// error some seconds after the observer was told to stop.
class Nodes {
 public:
  // The observer must live as long.
  Nodes(const NodeGroup& group, const torch::Device& device, TrainObserver& observer);

  int node() const { return group_.node; }
  int count() const { return group_.nodes; }
  bool is_first() const { return group_.is_first(); }

  // The sum over all nodes in place; waits for it.
  void sum(const torch::Tensor& tensor);
  // The same for what is large, begun only; wait() for it later, in the order in which it was
  // begun.
  std::unique_ptr<Connection::Work> begin_sum(const torch::Tensor& tensor);
  void wait(Connection::Work& work);
  // Whether any of them says so.
  bool any(bool is_so);
  // For what a GPU has computed, once it is on the CPU and before it is kept: see connection.h.
  void check() { connection_->check(); }

  // Node 0's value, for all.
  Json tell(const Json& value);
  void tell(const std::vector<torch::Tensor>& tensors);
  std::optional<Checkpoint> tell(std::optional<Checkpoint> checkpoint);
  // Every node's value, for node 0; nothing for the others.
  std::vector<Json> gather(const Json& value);

  // Does `work` on node 0 first and then on all others at the same time, and waits for all. It may
  // take long, as long as it calls the observer that it gets. The name is used once.
  void one_before_others(const std::string& name, TrainObserver& observer,
                         const std::function<void(TrainObserver&)>& work);

  // Seconds that this node has been waiting for others, or for what it had to say to arrive.
  double waited_s() const { return waited_s_; }

 private:
  void wait_for(const std::string& name, int node, TrainObserver& observer);
  // What another sets, once it has done so.
  std::string hear(const std::string& key, bool heeds_stop = true);
  std::string next_key();

  NodeGroup group_;
  TrainObserver& observer_;
  std::unique_ptr<Connection> connection_;
  std::int64_t keys_ = 0;
  double waited_s_ = 0;
};

}  // namespace mat
