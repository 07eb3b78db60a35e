#include "trainers/answering/view_inputs.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "trainers/data/picture_levels.h"

namespace mat {

ViewInputs::ViewInputs(const Preprocessing& preprocessing)
    : size_(preprocessing.image_size),
      level_side_(preprocessing.level_side),
      mirrored_(preprocessing.mirrored) {
  for (const std::string& name : preprocessing.views) views_.push_back(view_named(name));
}

std::optional<int> ViewInputs::number_of(View view) const {
  const auto found = std::find(views_.begin(), views_.end(), view);
  if (found == views_.end()) return std::nullopt;
  return static_cast<int>(found - views_.begin()) * each();
}

torch::Tensor ViewInputs::of(const std::vector<ImageView>& pictures, int view) const {
  const View square = this->view(view);
  const auto count = static_cast<std::int64_t>(pictures.size());
  torch::Tensor bytes = torch::empty({count, size_, size_, 3}, torch::kByte);
  auto* const out = bytes.data_ptr<std::uint8_t>();
  const std::int64_t picture_bytes = std::int64_t{3} * size_ * size_;
  at::parallel_for(0, count, 1, [&](std::int64_t from, std::int64_t to) {
    ResizeScratch scratch;
    std::vector<std::uint8_t> pixels;
    for (std::int64_t i = from; i < to; ++i) {
      ImageView picture = pictures[static_cast<std::size_t>(i)];
      if (level_side_ > 0) picture = shrunk_to_level(picture, level_side_, pixels, scratch);
      picture_view(picture, square, size_, out + i * picture_bytes, scratch);
    }
  });
  return view % each() == 0 ? bytes : bytes.flip(2);
}

}  // namespace mat
