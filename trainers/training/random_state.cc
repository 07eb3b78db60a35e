#include "trainers/training/random_state.h"

#include <ATen/Context.h>

#include <utility>
#include <vector>

namespace mat {
namespace {

// With the names that their states have in a checkpoint.
std::vector<std::pair<const char*, at::Generator>> generators() {
  std::vector<std::pair<const char*, at::Generator>> found;
  found.emplace_back("random.cpu", at::globalContext().defaultGenerator(torch::kCPU));
  if (torch::cuda::is_available()) {
    found.emplace_back("random.cuda",
                       at::globalContext().defaultGenerator(torch::Device(torch::kCUDA, 0)));
  }
  return found;
}

}  // namespace

void save_random_state(Tensors& tensors) {
  for (const auto& [name, generator] : generators()) tensors[name] = generator.get_state();
}

Tensors random_state_in(const Tensors& tensors) {
  Tensors state;
  for (const auto& [name, generator] : generators()) {
    const auto found = tensors.find(name);
    if (found != tensors.end()) state.insert(*found);
  }
  return state;
}

void set_random_state(const Tensors& state) {
  if (state.empty()) return;
  for (auto& [name, generator] : generators()) {
    const auto found = state.find(name);
    if (found != state.end()) generator.set_state(found->second);
  }
}

}  // namespace mat
