#include "trainers/data/picture_views.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "trainers/data/strong_augmentation.h"

namespace mat {
namespace {

constexpr int kCropTries = 10;

// Rounds halves to even, as Python does.
int rounded(double value) { return static_cast<int>(std::nearbyint(value)); }

Box box_of(int left, int top, int width, int height) {
  return {static_cast<float>(left), static_cast<float>(top), static_cast<float>(left + width),
          static_cast<float>(top + height)};
}

// The largest part in the centre that is not longer than the aspect allows.
Box centre_crop(const ImageView& picture, double max_aspect) {
  const double aspect = static_cast<double>(picture.width) / picture.height;
  int width = picture.width, height = picture.height;
  if (aspect < 1 / max_aspect) height = std::max(rounded(width * max_aspect), 1);
  if (aspect > max_aspect) width = std::max(rounded(height * max_aspect), 1);
  return box_of((picture.width - width) / 2, (picture.height - height) / 2, width, height);
}

Box random_crop(const ImageView& picture, const Augmentation& augmentation, Random& random) {
  const double area = static_cast<double>(picture.width) * picture.height;
  const double log_aspect = std::log(augmentation.crop_max_aspect);
  for (int i = 0; i < kCropTries; ++i) {
    const double part = area * random.uniform(augmentation.crop_min_area, 1);
    const double aspect = std::exp(random.uniform(-log_aspect, log_aspect));
    const int width = rounded(std::sqrt(part * aspect));
    const int height = rounded(std::sqrt(part / aspect));
    if (width <= 0 || width > picture.width || height <= 0 || height > picture.height) continue;
    const auto top = static_cast<int>(random.below(picture.height - height + 1));
    const auto left = static_cast<int>(random.below(picture.width - width + 1));
    return box_of(left, top, width, height);
  }
  return centre_crop(picture, augmentation.crop_max_aspect);
}

void flip_rows(std::uint8_t* pixels, int size) {
  for (int y = 0; y < size; ++y) {
    std::uint8_t* left = pixels + 3 * static_cast<std::size_t>(y) * size;
    std::uint8_t* right = left + 3 * static_cast<std::size_t>(size - 1);
    for (; left < right; left += 3, right -= 3) {
      std::array<std::uint8_t, 3> saved;
      std::memcpy(saved.data(), left, 3);
      std::memcpy(left, right, 3);
      std::memcpy(right, saved.data(), 3);
    }
  }
}

Box evaluation_box(const ImageView& picture, int size) {
  const std::int64_t shorter = std::min(picture.width, picture.height);
  const auto resized = static_cast<std::int64_t>(size * kEvaluationMargin);
  // Where the cut begins and ends along a side, in pixels of the picture.
  const auto cut = [&](int side) {
    const std::int64_t resized_side = resized * side / shorter;
    const double scale = static_cast<double>(side) / static_cast<double>(resized_side);
    const int begin = rounded(static_cast<double>(resized_side - size) / 2);
    const auto end = static_cast<float>((begin + size) * scale);
    return std::pair(static_cast<float>(begin * scale), std::min(end, static_cast<float>(side)));
  };
  const auto [left, right] = cut(picture.width);
  const auto [top, bottom] = cut(picture.height);
  return {left, top, right, bottom};
}

Box square_box(const ImageView& picture, View view) {
  const int side = std::min(picture.width, picture.height);
  int left = 0, top = 0;
  if (view == View::centre) {
    left = (picture.width - side) / 2;
    top = (picture.height - side) / 2;
  } else if (view == View::last) {
    left = picture.width - side;
    top = picture.height - side;
  }
  return box_of(left, top, side, side);
}

}  // namespace

void training_view(const ImageView& picture, int size, const Augmentation& augmentation,
                   Random& random, std::uint8_t* out, ResizeScratch& scratch) {
  const bool flip = augmentation.flip && random.next() >> 63 == 1;
  resize_bilinear(picture, random_crop(picture, augmentation, random), size, size, out, scratch);
  if (flip) flip_rows(out, size);
}

void evaluation_view(const ImageView& picture, int size, std::uint8_t* out,
                     ResizeScratch& scratch) {
  resize_bilinear(picture, evaluation_box(picture, size), size, size, out, scratch);
}

const char* name_of(View view) {
  switch (view) {
    case View::margin:
      return "margin";
    case View::whole:
      return "whole";
    case View::centre:
      return "centre";
    case View::first:
      return "first";
    case View::last:
      return "last";
  }
  return "";
}

View view_named(const std::string& name) {
  for (const View view : {View::margin, View::whole, View::centre, View::first, View::last}) {
    if (name == name_of(view)) return view;
  }
  throw Error(ErrorKind::bug, "there is no view '" + name + "'");
}

void picture_view(const ImageView& picture, View view, int size, std::uint8_t* out,
                  ResizeScratch& scratch) {
  if (view == View::margin) return evaluation_view(picture, size, out, scratch);
  if (view == View::whole) return whole_view(picture, size, out);
  resize_bilinear(picture, square_box(picture, view), size, size, out, scratch);
}

ViewEdges edges_of(const ImageView& picture, View view, int size) {
  if (view == View::whole) {
    const double half = std::sqrt(static_cast<double>(picture.width) * picture.height) / 2;
    const double x = picture.width / 2.0, y = picture.height / 2.0;
    return {x - half, y - half, x + half, y + half};
  }
  const Box box = view == View::margin ? evaluation_box(picture, size) : square_box(picture, view);
  return {box.left, box.top, box.right, box.bottom};
}

}  // namespace mat
