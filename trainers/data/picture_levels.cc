#include "trainers/data/picture_levels.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/image/resize.h"

namespace mat {
namespace {

// A square of half of a picture's area then still has a pixel for each one of the view.
constexpr double kMargin = 1.5;
// Pictures that are larger by less are taken as they are.
constexpr double kLeastShrink = 1.25;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;

int shorter_side(const ImageView& picture) { return std::min(picture.width, picture.height); }

}  // namespace

int level_side(int size) { return static_cast<int>(kMargin * size); }

ImageView shrunk_to_level(const ImageView& picture, int side, std::vector<std::uint8_t>& pixels,
                          ResizeScratch& scratch) {
  const int shorter = shorter_side(picture);
  if (shorter < kLeastShrink * side) return picture;
  const int width = std::max(1, picture.width * side / shorter);
  const int height = std::max(1, picture.height * side / shorter);
  pixels.resize(std::size_t{3} * width * height);
  resize_bilinear(picture,
                  {0, 0, static_cast<float>(picture.width), static_cast<float>(picture.height)},
                  width, height, pixels.data(), scratch);
  return {width, height, pixels.data()};
}

PictureLevels::PictureLevels(std::vector<ImageView> pictures) : pictures_(std::move(pictures)) {}

const PictureLevels::Level& PictureLevels::level(int size) {
  const auto [found, is_new] = levels_.try_emplace(size);
  Level& level = found->second;
  if (!is_new) return level;
  level.views = pictures_;
  const int side = level_side(size);
  std::uint64_t bytes = 0;
  for (const ImageView& picture : pictures_) {
    const double shrink = static_cast<double>(side) / std::max(shorter_side(picture), 1);
    bytes += static_cast<std::uint64_t>(3 * shrink * shrink * picture.width * picture.height);
  }
  if (bytes > kMostBytes) return level;
  level.side = side;
  level.pixels.resize(pictures_.size());
  at::parallel_for(
      0, static_cast<std::int64_t>(pictures_.size()), 1, [&](std::int64_t from, std::int64_t to) {
        ResizeScratch scratch;
        for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) {
          level.views[i] = shrunk_to_level(pictures_[i], side, level.pixels[i], scratch);
        }
      });
  return level;
}

const std::vector<ImageView>& PictureLevels::for_size(int size) { return level(size).views; }

int PictureLevels::side_for_size(int size) { return level(size).side; }

std::vector<LabelledPicture> PictureLevels::for_size(int size,
                                                     const std::vector<LabelledPlace>& places) {
  const std::vector<ImageView>& views = for_size(size);
  std::vector<LabelledPicture> pictures;
  pictures.reserve(places.size());
  for (const LabelledPlace& place : places) pictures.push_back({views[place.picture], place.label});
  return pictures;
}

}  // namespace mat
