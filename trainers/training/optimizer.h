#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trainers/models/weights_file.h"
#include "trainers/torch.h"

namespace mat {

struct OptimizerSettings {
  std::string name;  // "sgd" or "adamw"
  double momentum = 0.9;
  bool nesterov = true;
  double weight_decay = 0;  // sgd: added to the gradient; adamw: decoupled, as PyTorch has both
};

// Updates parameters in place from their gradients, with PyTorch's formulas, in one pass over the
// memory of each on the CPU. Weight decay touches matrices and kernels only, not biases and
// normalization scales. The result does not depend on the number of threads.
class Optimizer {
 public:
  explicit Optimizer(std::vector<torch::Tensor> parameters);
  virtual ~Optimizer() = default;

  // Forgets the gradients, so that backward() hands its own memory over instead of adding.
  void clear_gradients();
  // Scales all gradients down so that their common norm is at most `limit`.
  void clip_gradients(double limit);
  // Parameters without a gradient stay as they are.
  virtual void step(double lr) = 0;

  // Copies all that the next steps depend on besides the parameters into `tensors`, under names
  // that begin with "optimizer.".
  void save_state(Tensors& tensors) const;
  // From what an optimizer of the same settings for the same parameters has saved.
  void load_state(const Tensors& tensors);

 protected:
  struct Slot {
    torch::Tensor parameter;
    torch::Tensor first, second;  // moments, laid out as the parameter; undefined before a step
    bool decays = false;
    std::int64_t steps = 0;
  };
  // The gradient in the parameter's own memory order.
  static torch::Tensor gradient_of(const Slot& slot);

  std::vector<Slot> slots_;
};

std::unique_ptr<Optimizer> make_optimizer(std::vector<torch::Tensor> parameters,
                                          const OptimizerSettings& settings);

}  // namespace mat
