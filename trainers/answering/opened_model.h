#pragma once

#include <memory>

#include "core/training/trainer.h"
#include "trainers/torch.h"

namespace mat {

// A model's network on its device, and what it makes of views of pictures: uint8 [N, S, S, 3], on
// the CPU. In evaluation mode.
class OpenedModel {
 public:
  virtual ~OpenedModel() = default;

  // Logits: float [N, classes], on the CPU.
  virtual torch::Tensor logits(const torch::Tensor& views) = 0;

  // What each place of the network's last maps says for a class, of one view (Grad-CAM, Selvaraju
  // et al.): float [h, w], 0 and above, on the CPU. Undefined where the maps are too coarse to show
  // anything, or the network cannot be looked into.
  virtual torch::Tensor evidence(const torch::Tensor& view, int class_number) = 0;

  // "device", "precision", "layout"
  virtual Json facts() const = 0;
};

// A network that mat knows, with the weights in the file, by its own or timm's keys; or a
// TorchScript program, always in fp32. Checks that it gives logits for the description's classes.
std::unique_ptr<OpenedModel> open_model_file(const ModelRequest& request);

}  // namespace mat
