#pragma once

// Everything that differs between LibTorch 1.13 and 2.13 in what we use, and nothing else.

#include <ATen/autocast_mode.h>

#include "trainers/torch.h"

#define MAT_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) ||      \
   (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace mat {

struct AutocastState {
  bool enabled = false;
  torch::ScalarType type = torch::kBFloat16;
};

#if MAT_TORCH_AT_LEAST(2, 4)

inline AutocastState autocast_state(torch::DeviceType device) {
  return {at::autocast::is_autocast_enabled(device), at::autocast::get_autocast_dtype(device)};
}

inline void set_autocast_state(torch::DeviceType device, const AutocastState& state) {
  at::autocast::set_autocast_enabled(device, state.enabled);
  at::autocast::set_autocast_dtype(device, state.type);
}

#else

inline AutocastState autocast_state(torch::DeviceType device) {
  if (device == torch::kCUDA) {
    return {at::autocast::is_enabled(), at::autocast::get_autocast_gpu_dtype()};
  }
  return {at::autocast::is_cpu_enabled(), at::autocast::get_autocast_cpu_dtype()};
}

inline void set_autocast_state(torch::DeviceType device, const AutocastState& state) {
  if (device == torch::kCUDA) {
    at::autocast::set_enabled(state.enabled);
    at::autocast::set_autocast_gpu_dtype(state.type);
  } else {
    at::autocast::set_cpu_enabled(state.enabled);
    at::autocast::set_autocast_cpu_dtype(state.type);
  }
}

#endif

// While it lives, operations of this thread on `device` (CPU or CUDA) that gain from it compute in
// `type`; kFloat32 switches autocast off. Weights cast to `type` are cached until the outermost one
// ends: make one for each forward pass, and none around backward().
class Autocast {
 public:
  Autocast(torch::DeviceType device, torch::ScalarType type)
      : device_(device), before_(autocast_state(device)) {
    const bool enabled = type != torch::kFloat32;
    set_autocast_state(device, {enabled, enabled ? type : before_.type});
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    set_autocast_state(device_, before_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  torch::DeviceType device_;
  AutocastState before_;
};

// Ends a process group once all that it was asked for is done, or without waiting for that. Where
// LibTorch has no word for it, the group's destructor does it.
template <typename Group>
void end_group(Group& group) {
  if constexpr (requires { group.shutdown(); }) group.shutdown();
}
template <typename Group>
constexpr bool kCanAbort = requires(Group& group) {
  group.abort();
};
template <typename Group>
void abort_group(Group& group) {
  if constexpr (kCanAbort<Group>) group.abort();
}

// How NCCL's errors are handled; "0": not at all.
constexpr const char* kNcclErrorHandling =
    MAT_TORCH_AT_LEAST(2, 2) ? "TORCH_NCCL_ASYNC_ERROR_HANDLING" : "NCCL_ASYNC_ERROR_HANDLING";

}  // namespace mat
