#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/training/node_group.h"
#include "core/training/trainer.h"
#include "trainers/torch.h"

namespace mat {

// LibTorch's communication between the nodes of a group: a store of short texts that node 0 keeps,
// and sums and copies of tensors. All nodes must ask for the same tensors in the same order, lane
// by lane. To be used by one thread at a time. Everything throws NodesLost when others are gone or
// do not answer within nodes_patience_s().
class Connection {
 public:
  // Two ways that do not wait for one another.
  enum class Lane { quick, bulk };

  // What is under way. Destroying it does not wait.
  class Work {
   public:
    virtual ~Work() = default;
    virtual void wait() = 0;
  };

  virtual ~Connection() = default;

  // What sums, for a person.
  virtual std::string transport() const = 0;

  // Throws NodesLost when others are known to be gone. A GPU's sums that waited for them have ended
  // with anything then, so what they led to is to be used only after this.
  virtual void check() = 0;

  // The sum over all nodes in place, the same bits everywhere. The tensor is dense and stays
  // untouched by others until the end.
  virtual std::unique_ptr<Work> sum(const torch::Tensor& tensor, Lane lane) = 0;
  // Node 0's, for all.
  virtual void copy_from_first(const torch::Tensor& tensor) = 0;

  virtual void set(const std::string& key, const std::string& text) = 0;
  virtual bool has(const std::string& key) = 0;
  // Waits for it.
  virtual std::string get(const std::string& key) = 0;
  // Adds to a number that begins with 0, and gives it.
  virtual std::int64_t add(const std::string& key, std::int64_t number) = 0;
};

// Connects this node to the others, over the network interface that leads to node 0. Asks
// observer.stop_requested() while others are missing. Throws a usage error where this LibTorch
// cannot do it.
std::unique_ptr<Connection> connect_nodes(const NodeGroup& group, const torch::Device& device,
                                          TrainObserver& observer);

}  // namespace mat
