#pragma once

#include <vector>

#include "core/image/image.h"
#include "core/training/model_description.h"
#include "trainers/data/picture_views.h"
#include "trainers/torch.h"

namespace mat {

// What a network sees of pictures, by the same code that training and its evaluation use.
class ViewInputs {
 public:
  explicit ViewInputs(const Preprocessing& preprocessing);

  // How often a picture is looked at, its mirrored views among them.
  int views() const { return static_cast<int>(views_.size()) * (mirrored_ ? 2 : 1); }

  // Bytes [pictures, H, W, 3] of one view, on the CPU; mirrored views follow their own.
  torch::Tensor of(const std::vector<ImageView>& pictures, int view) const;

 private:
  int size_, level_side_;
  std::vector<View> views_;
  bool mirrored_;
};

}  // namespace mat
