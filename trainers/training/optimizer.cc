#include "trainers/training/optimizer.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/error.h"

namespace mat {
namespace {

// Small enough to share the largest tensors evenly, large enough that a thread's start is nothing.
constexpr std::int64_t kGrain = 1 << 15;

constexpr const char* kStepsName = "optimizer.steps";

std::string name_of_moment(std::size_t parameter, const char* which) {
  return fmt::format("optimizer.{}.{}", parameter, which);
}

torch::Tensor plain_copy(const torch::Tensor& tensor) {
  return torch::empty(tensor.sizes(), tensor.scalar_type()).copy_(tensor);
}

bool is_flat_float(const torch::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == torch::kFloat &&
         tensor.is_non_overlapping_and_dense();
}

// Tensors of the CPU are summed in pieces of a fixed size, and the pieces in their order, so that
// the result does not depend on the number of threads.
torch::Tensor squared_norm(const torch::Tensor& gradient) {
  if (!gradient.is_cpu()) return gradient.norm().square();
  const torch::Tensor flat =
      is_flat_float(gradient) ? gradient : plain_copy(gradient.to(torch::kFloat));
  const float* const values = flat.data_ptr<float>();
  const std::int64_t count = flat.numel();
  std::vector<double> pieces(static_cast<std::size_t>((count + kGrain - 1) / kGrain));
  at::parallel_for(0, static_cast<std::int64_t>(pieces.size()), 1,
                   [&](std::int64_t from, std::int64_t to) {
                     for (std::int64_t piece = from; piece < to; ++piece) {
                       const std::int64_t end = std::min(count, (piece + 1) * kGrain);
                       double sum = 0;
                       for (std::int64_t i = piece * kGrain; i < end; ++i) {
                         sum += static_cast<double>(values[i]) * values[i];
                       }
                       pieces[static_cast<std::size_t>(piece)] = sum;
                     }
                   });
  return torch::tensor(std::accumulate(pieces.begin(), pieces.end(), 0.0), torch::kDouble);
}

class Sgd : public Optimizer {
 public:
  Sgd(std::vector<torch::Tensor> parameters, const OptimizerSettings& settings)
      : Optimizer(std::move(parameters)), settings_(settings) {}

  void step(double lr) override {
    torch::NoGradGuard no_grad;
    for (Slot& slot : slots_) {
      if (!slot.parameter.grad().defined()) continue;
      const torch::Tensor gradient = gradient_of(slot);
      const double decay = slot.decays ? settings_.weight_decay : 0;
      // PyTorch begins the momentum with the first gradient, not with zero; since the buffer is
      // then zero, adding to it is the same.
      if (settings_.momentum != 0 && !slot.first.defined()) {
        slot.first = torch::zeros_like(slot.parameter);
      }
      if (is_flat_float(slot.parameter)) {
        step_flat(slot, gradient, static_cast<float>(lr), static_cast<float>(decay));
      } else {
        step_tensors(slot, gradient, lr, decay);
      }
    }
  }

 private:
  void step_flat(Slot& slot, const torch::Tensor& gradient, float lr, float decay) const {
    float* const p = slot.parameter.data_ptr<float>();
    const float* const g = gradient.data_ptr<float>();
    const auto momentum = static_cast<float>(settings_.momentum);
    if (momentum == 0) {
      at::parallel_for(0, slot.parameter.numel(), kGrain, [=](std::int64_t from, std::int64_t to) {
        for (std::int64_t i = from; i < to; ++i) p[i] -= lr * (g[i] + decay * p[i]);
      });
      return;
    }
    float* const m = slot.first.data_ptr<float>();
    // The update is own * gradient + carried * buffer: with Nesterov's look ahead or without.
    const float own = settings_.nesterov ? 1.0F : 0.0F;
    const float carried = settings_.nesterov ? momentum : 1.0F;
    at::parallel_for(0, slot.parameter.numel(), kGrain, [=](std::int64_t from, std::int64_t to) {
      for (std::int64_t i = from; i < to; ++i) {
        const float d = g[i] + decay * p[i];
        m[i] = momentum * m[i] + d;
        p[i] -= lr * (own * d + carried * m[i]);
      }
    });
  }

  void step_tensors(Slot& slot, const torch::Tensor& gradient, double lr, double decay) const {
    torch::Tensor d = decay == 0 ? gradient : gradient.add(slot.parameter, decay);
    if (settings_.momentum != 0) {
      slot.first.mul_(settings_.momentum).add_(d);
      d = settings_.nesterov ? d.add(slot.first, settings_.momentum) : slot.first;
    }
    slot.parameter.add_(d, -lr);
  }

  OptimizerSettings settings_;
};

class AdamW : public Optimizer {
 public:
  AdamW(std::vector<torch::Tensor> parameters, const OptimizerSettings& settings)
      : Optimizer(std::move(parameters)), weight_decay_(settings.weight_decay) {}

  void step(double lr) override {
    torch::NoGradGuard no_grad;
    for (Slot& slot : slots_) {
      if (!slot.parameter.grad().defined()) continue;
      const torch::Tensor gradient = gradient_of(slot);
      if (!slot.first.defined()) {
        slot.first = torch::zeros_like(slot.parameter);
        slot.second = torch::zeros_like(slot.parameter);
      }
      ++slot.steps;
      const double kept = slot.decays ? 1 - lr * weight_decay_ : 1;
      const double rate = lr / (1 - std::pow(kBeta1, static_cast<double>(slot.steps)));
      const double root = std::sqrt(1 - std::pow(kBeta2, static_cast<double>(slot.steps)));
      if (is_flat_float(slot.parameter)) {
        step_flat(slot, gradient, static_cast<float>(kept), static_cast<float>(rate),
                  static_cast<float>(1 / root));
      } else {
        slot.parameter.mul_(kept);
        slot.first.mul_(kBeta1).add_(gradient, 1 - kBeta1);
        slot.second.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
        slot.parameter.addcdiv_(slot.first, slot.second.sqrt().div_(root).add_(kEpsilon), -rate);
      }
    }
  }

 private:
  static constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

  static void step_flat(Slot& slot, const torch::Tensor& gradient, float kept, float rate,
                        float inverse_root) {
    float* const p = slot.parameter.data_ptr<float>();
    float* const m = slot.first.data_ptr<float>();
    float* const v = slot.second.data_ptr<float>();
    const float* const g = gradient.data_ptr<float>();
    at::parallel_for(0, slot.parameter.numel(), kGrain, [=](std::int64_t from, std::int64_t to) {
      constexpr auto b1 = static_cast<float>(kBeta1);
      constexpr auto b2 = static_cast<float>(kBeta2);
      constexpr auto rest1 = static_cast<float>(1 - kBeta1);
      constexpr auto rest2 = static_cast<float>(1 - kBeta2);
      constexpr auto epsilon = static_cast<float>(kEpsilon);
      for (std::int64_t i = from; i < to; ++i) {
        m[i] = b1 * m[i] + rest1 * g[i];
        v[i] = b2 * v[i] + rest2 * g[i] * g[i];
        p[i] = kept * p[i] - rate * m[i] / (std::sqrt(v[i]) * inverse_root + epsilon);
      }
    });
  }

  double weight_decay_;
};

}  // namespace

Optimizer::Optimizer(std::vector<torch::Tensor> parameters) {
  for (torch::Tensor& parameter : parameters) {
    Slot slot;
    slot.decays = parameter.dim() >= 2;
    slot.parameter = std::move(parameter);
    slots_.push_back(std::move(slot));
  }
}

void Optimizer::clear_gradients() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad() = torch::Tensor();
}

void Optimizer::clip_gradients(double limit) {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> squares;
  for (const Slot& slot : slots_) {
    if (slot.parameter.grad().defined()) squares.push_back(squared_norm(slot.parameter.grad()));
  }
  if (squares.empty()) return;
  torch::Tensor sum = squares.front();
  for (std::size_t i = 1; i < squares.size(); ++i) sum = sum + squares[i];
  const torch::Tensor scale = (limit / (sum.sqrt() + 1e-6)).clamp_max(1.0);
  for (const Slot& slot : slots_) {
    if (slot.parameter.grad().defined()) slot.parameter.mutable_grad().mul_(scale);
  }
}

void Optimizer::save_state(Tensors& tensors) const {
  torch::NoGradGuard no_grad;
  std::vector<std::int64_t> steps;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.first.defined()) tensors[name_of_moment(i, "first")] = plain_copy(slot.first);
    if (slot.second.defined()) tensors[name_of_moment(i, "second")] = plain_copy(slot.second);
    steps.push_back(slot.steps);
  }
  tensors[kStepsName] = torch::tensor(steps, torch::kLong);
}

void Optimizer::load_state(const Tensors& tensors) {
  torch::NoGradGuard no_grad;
  const auto moment = [&](std::size_t i, const char* which) {
    const auto found = tensors.find(name_of_moment(i, which));
    if (found == tensors.end()) return torch::Tensor();
    return torch::empty_like(slots_[i].parameter).copy_(found->second);
  };
  const torch::Tensor steps = tensors.at(kStepsName);
  if (steps.numel() != static_cast<std::int64_t>(slots_.size())) {
    throw Error(ErrorKind::bug, "the state of an optimizer is that of another network");
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].first = moment(i, "first");
    slots_[i].second = moment(i, "second");
    slots_[i].steps = steps.data_ptr<std::int64_t>()[i];
  }
}

torch::Tensor Optimizer::gradient_of(const Slot& slot) {
  const torch::Tensor& gradient = slot.parameter.grad();
  if (gradient.strides() == slot.parameter.strides()) return gradient;
  return torch::empty_like(slot.parameter).copy_(gradient);
}

std::unique_ptr<Optimizer> make_optimizer(std::vector<torch::Tensor> parameters,
                                          const OptimizerSettings& settings) {
  if (settings.name == "adamw") return std::make_unique<AdamW>(std::move(parameters), settings);
  return std::make_unique<Sgd>(std::move(parameters), settings);
}

}  // namespace mat
