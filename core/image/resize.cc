#include "core/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/image/byte_sums.h"

namespace mat {
namespace {

// ByteSums takes 15-bit weights, and sums of 8-bit pixels whose weights add up to 1 << shift must
// fit 31 bits.
constexpr int kMaxWeight = 32767;
constexpr int kMaxShift = 22;

// ByteSums reads four bytes where a pixel has three, and pixels in pairs.
constexpr std::ptrdiff_t kReadBeyond = 4;

constexpr int kBlock = 16;

// Which pixels of a line make a pixel of the resized line, and how much each counts: one direction
// of the resizing, computed as Pillow does.
class Line {
 public:
  Line(int in_size, float from, float to, int out_size)
      : in_size_(in_size),
        out_size_(out_size),
        from_(from),
        scale_((static_cast<double>(to) - from) / out_size),
        stretch_(std::max(scale_, 1.0)) {
    int most = 0;
    for (int i = 0; i < out_size; ++i) most = std::max(most, end(i) - begin(i));
    pairs_ = (most + 1) / 2;
    // What is left of a triangle at the edge is at least half of it.
    const double greatest = std::min(1.0, 2.0 / stretch_);
    shift_ = std::min(static_cast<int>(std::log2(kMaxWeight / greatest)), kMaxShift);
  }

  int out_size() const { return out_size_; }
  int pairs() const { return pairs_; }  // of pixels that make one pixel
  int shift() const { return shift_; }  // the weights of a pixel add up to 1 << shift

  // The pixels that count for pixel i: the triangle reaches one pixel to each side of the centre,
  // further when shrinking.
  int begin(int i) const { return std::max(static_cast<int>(center(i) - stretch_ + 0.5), 0); }
  int end(int i) const { return std::min(static_cast<int>(center(i) + stretch_ + 0.5), in_size_); }

  // Writes the weights of pixel i, in pairs(), and returns the pixel that they begin with. All
  // pixels have as many; so that they do not lead beyond the line, they may begin earlier, with
  // weights of zero.
  int make_weights(int i, std::int32_t* weights) const {
    const int first = std::max(std::min(begin(i), in_size_ - 2 * pairs_), 0);
    double sum = 0;
    for (int x = begin(i); x < end(i); ++x) sum += triangle(i, x);
    const double unit = (1 << shift_) / sum;
    const auto weight = [&](int x) {
      if (x < begin(i) || x >= end(i)) return 0;
      return std::min(static_cast<int>(triangle(i, x) * unit + 0.5), kMaxWeight);
    };
    for (int p = 0; p < pairs_; ++p) {
      weights[p] = weight_pair(weight(first + 2 * p), weight(first + 2 * p + 1));
    }
    return first;
  }

 private:
  double center(int i) const { return from_ + (i + 0.5) * scale_; }
  double triangle(int i, int x) const {
    return std::max(0.0, 1.0 - std::abs(x - center(i) + 0.5) / stretch_);
  }

  int in_size_, out_size_;
  double from_, scale_, stretch_;
  int pairs_ = 0, shift_ = 0;
};

// Resizes one row of pixels. `firsts` and `weights` are those of all its pixels. A number of pairs
// that the compiler knows (0: any) makes it twice as fast.
template <int known_pairs>
void resize_row(const std::uint8_t* row, const Line& line, const std::int32_t* firsts,
                const std::int32_t* weights, std::uint8_t* out) {
  const int pairs = known_pairs > 0 ? known_pairs : line.pairs();
  const int shift = line.shift(), out_size = line.out_size();
  for (int x = 0; x < out_size; ++x, out += 3, weights += pairs) {
    ByteSums sums(1 << (shift - 1));
    const std::uint8_t* pixel = row + std::ptrdiff_t{firsts[x]} * 3;
    for (int p = 0; p < pairs; ++p) sums.add(pixel + 6 * p, pixel + 6 * p + 3, weights[p]);
    sums.store(out, shift);
  }
}

using ResizeRow = decltype(&resize_row<0>);

ResizeRow resize_row_for(int pairs) {
  constexpr ResizeRow kKnown[] = {&resize_row<0>, &resize_row<1>, &resize_row<2>,
                                  &resize_row<3>, &resize_row<4>, &resize_row<5>};
  return kKnown[pairs <= 5 ? pairs : 0];
}

// Adds up rows, which begin at rows + offsets[…], two offsets for each weight.
void mix_rows(const std::uint8_t* rows, const std::int32_t* offsets, const std::int32_t* weights,
              const Line& line, std::ptrdiff_t bytes, std::uint8_t* out) {
  const std::int32_t half = 1 << (line.shift() - 1);
  for (std::ptrdiff_t x = 0; x < bytes; x += kBlock) {
    ByteSums sums[] = {ByteSums(half), ByteSums(half), ByteSums(half), ByteSums(half)};
    for (int p = 0; p < line.pairs(); ++p) {
      const std::uint8_t* a = rows + offsets[2 * p] + x;
      const std::uint8_t* b = rows + offsets[2 * p + 1] + x;
      for (int i = 0; i < 4; ++i) sums[i].add(a + 4 * i, b + 4 * i, weights[p]);
    }
    std::uint8_t block[kBlock];
    for (int i = 0; i < 4; ++i) sums[i].store(block + 4 * i, line.shift());
    std::memcpy(out + x, block, std::min<std::ptrdiff_t>(kBlock, bytes - x));
  }
}

}  // namespace

void resize_bilinear(const ImageView& picture, const Box& box, int width, int height,
                     std::uint8_t* out, ResizeScratch& scratch) {
  const bool inside = box.left >= 0 && box.left < box.right && box.right <= picture.width &&
                      box.top >= 0 && box.top < box.bottom && box.bottom <= picture.height;
  if (!inside || width <= 0 || height <= 0) {
    throw Error(ErrorKind::bug, "a picture cannot be resized: the box is not inside it");
  }
  const Line across(picture.width, box.left, box.right, width);
  const Line down(picture.height, box.top, box.bottom, height);
  const std::ptrdiff_t in_stride = std::ptrdiff_t{picture.width} * 3;
  const std::ptrdiff_t bytes = std::ptrdiff_t{width} * 3;

  // Resized rows are kept in a ring, as many as one row of the result is made of.
  const std::ptrdiff_t stride = (bytes + kReadBeyond + kBlock - 1) / kBlock * kBlock;
  const int ring = 2 * down.pairs();
  const std::size_t ring_size = stride * ring;
  scratch.rows.resize(ring_size + in_stride + kReadBeyond);
  std::uint8_t* const padded = scratch.rows.data() + ring_size;

  const std::size_t across_weights = std::size_t(across.pairs()) * width;
  scratch.weights.resize(across_weights + down.pairs());
  scratch.bounds.resize(static_cast<std::size_t>(width) + ring);
  std::int32_t* const weights = scratch.weights.data();
  std::int32_t* const firsts = scratch.bounds.data();
  for (int x = 0; x < width; ++x) {
    firsts[x] = across.make_weights(x, weights + std::ptrdiff_t{x} * across.pairs());
  }

  const ResizeRow resize_across = resize_row_for(across.pairs());
  int next_row = 0;
  for (int y = 0; y < height; ++y) {
    next_row = std::max(next_row, down.begin(y));
    for (; next_row < down.end(y); ++next_row) {
      const std::uint8_t* row = picture.pixels + next_row * in_stride;
      if ((picture.height - 1 - next_row) * in_stride < kReadBeyond) {
        std::memcpy(padded, row, in_stride);
        row = padded;
      }
      resize_across(row, across, firsts, weights, scratch.rows.data() + next_row % ring * stride);
    }
    std::int32_t* const offsets = firsts + width;
    const int first = down.make_weights(y, weights + across_weights);
    for (int i = 0; i < ring; ++i) {
      offsets[i] = static_cast<std::int32_t>((first + i) % ring * stride);
    }
    mix_rows(scratch.rows.data(), offsets, weights + across_weights, down, bytes, out + y * bytes);
  }
}

Image resize_bilinear(const ImageView& picture, int width, int height) {
  Image result;
  result.width = width;
  result.height = height;
  result.pixels.resize(result.byte_count());
  ResizeScratch scratch;
  const Box whole{0, 0, static_cast<float>(picture.width), static_cast<float>(picture.height)};
  resize_bilinear(picture, whole, width, height, result.pixels.data(), scratch);
  return result;
}

Image shrink_to_short_side(Image image, int short_side) {
  const std::int64_t shorter = std::min(image.width, image.height);
  if (short_side <= 0 || shorter <= short_side) return image;
  const int longer =
      static_cast<int>(std::int64_t{short_side} * std::max(image.width, image.height) / shorter);
  return image.width <= image.height ? resize_bilinear(image, short_side, longer)
                                     : resize_bilinear(image, longer, short_side);
}

}  // namespace mat
