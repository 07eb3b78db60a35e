#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mat {

// 8-bit RGB, rows from the top, no padding: pixels[(y * width + x) * 3 + channel].
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;

  std::size_t byte_count() const { return static_cast<std::size_t>(width) * height * 3; }
};

// A picture that somebody else owns, such as one in a memory-mapped cache.
struct ImageView {
  int width = 0;
  int height = 0;
  const std::uint8_t* pixels = nullptr;

  ImageView() = default;
  ImageView(int w, int h, const std::uint8_t* p) : width(w), height(h), pixels(p) {}
  ImageView(const Image& image)  // NOLINT: a view of it, on purpose
      : width(image.width), height(image.height), pixels(image.pixels.data()) {}
};

}  // namespace mat
