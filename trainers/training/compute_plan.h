#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/training/trainer.h"
#include "trainers/models/network.h"
#include "trainers/torch.h"

namespace mat {

// How a network is computed: number format and memory layout of pictures. Which is fastest depends
// on the model, the processor and LibTorch, by factors of three.
struct ComputePlan {
  torch::ScalarType precision = torch::kFloat32;                 // or kBFloat16, by autocast
  torch::MemoryFormat layout = torch::MemoryFormat::Contiguous;  // or ChannelsLast

  const char* precision_name() const;  // "fp32", "bf16"
  const char* layout_name() const;     // "contiguous", "channels_last"

  // Moves the network to the device and its kernels into the layout.
  void prepare(torch::nn::Module& network, const torch::Device& device) const;
};

// What a trial tries the plans on.
struct TrialSubject {
  std::string name;  // the algorithm's
  std::function<std::shared_ptr<Network>()> make_network;
  int image_size = 0;
  int batch_size = 0;
  int classes = 0;
  torch::Device device = torch::kCPU;
  bool training = true;  // otherwise it only answers
};

// `precision` and `layout` are "auto" or the name of what to use. Of what is left open, the fastest
// is found by training a scratch network, or letting it answer, for a moment. The choice is kept in
// `folder` and used again for the same algorithm, sizes, threads, processor and LibTorch, so that
// the same job computes in the same way every time; for an hour only, if the machine was busy
// meanwhile. Where the folder cannot be written, the log says so and each training tries anew. Uses
// up random numbers: seed afterwards. Says what it chose to the log and the record. Throws an
// interrupted error when a stop is requested.
ComputePlan choose_compute_plan(const std::string& precision, const std::string& layout,
                                const TrialSubject& subject, const std::filesystem::path& folder,
                                TrainObserver& observer);

// Whether the processor multiplies bf16 numbers faster than LibTorch can emulate it.
bool cpu_has_fast_bf16();

}  // namespace mat
