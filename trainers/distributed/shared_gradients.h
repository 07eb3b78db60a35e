#pragma once

#include <memory>
#include <vector>

#include "trainers/distributed/nodes.h"
#include "trainers/torch.h"

namespace mat {

// Sums the gradients of all nodes while backward() still computes others: they travel in pieces,
// the last layers' first, each as soon as all of it is there.
class SharedGradients {
 public:
  // All of them are dense and stay laid out as they are.
  SharedGradients(std::vector<torch::Tensor> parameters, Nodes& nodes);
  ~SharedGradients();
  SharedGradients(const SharedGradients&) = delete;
  SharedGradients& operator=(const SharedGradients&) = delete;

  // Between clearing the gradients and backward().
  void begin();
  // After backward(): the gradients are the sums then. A parameter without a gradient on this node
  // has none afterwards, either.
  void finish();

  std::int64_t bytes() const;

 private:
  struct Hooks;
  struct Bucket {
    torch::Tensor flat;
    std::vector<std::size_t> parameters;
    std::vector<torch::Tensor> places;  // in `flat`, laid out as the parameter
    std::size_t missing = 0;
    std::unique_ptr<Connection::Work> work;
  };

  void is_ready(std::size_t parameter);
  void send_what_is_whole();

  Nodes& nodes_;
  std::vector<torch::Tensor> parameters_;
  std::vector<std::size_t> bucket_of_;
  std::vector<Bucket> buckets_;
  std::size_t sent_ = 0;  // they are sent in their order, the same on all nodes
  std::unique_ptr<Hooks> hooks_;
};

}  // namespace mat
