#pragma once

#include <optional>
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

  View view(int number) const { return views_[static_cast<std::size_t>(number / each())]; }
  // Which of them that is, not mirrored; nothing if the pictures are not looked at so.
  std::optional<int> number_of(View view) const;

  // Bytes [pictures, H, W, 3] of one view, on the CPU; mirrored views follow their own.
  torch::Tensor of(const std::vector<ImageView>& pictures, int view) const;

 private:
  int each() const { return mirrored_ ? 2 : 1; }  // numbers of a view

  int size_, level_side_;
  std::vector<View> views_;
  bool mirrored_;
};

}  // namespace mat
