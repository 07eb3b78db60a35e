#pragma once

#include <fmt/core.h>

#include <memory>
#include <vector>

#include "core/dataset/pixel_cache.h"
#include "tests/core/dataset/test_files.h"

namespace mat {

inline constexpr int kSide = 32;

// Every picture has a color of its own, so that a mix-up shows.
inline std::uint32_t color_of(int i) { return 0x10203 * (i % 80) + 0x070000 * (i / 80); }

inline std::vector<ImageSample> put_samples(const std::filesystem::path& folder, int count) {
  std::vector<ImageSample> samples;
  for (int i = 0; i < count; ++i) {
    const std::string name = fmt::format("{}.bmp", i);
    put_file(folder / name, bmp_of_color(40 + i % 7, 44, color_of(i)));
    samples.push_back({folder / name, name, 0, Usage::train});
  }
  return samples;
}

inline bool has_color(const PixelCache::Picture& picture, std::uint32_t color) {
  const ImageView& view = picture.view;
  if (view.pixels == nullptr) return false;
  for (int i = 0; i < view.width * view.height; ++i) {
    const std::uint8_t* p = view.pixels + 3 * i;
    if (std::uint32_t(p[0]) << 16 != (color & 0xff0000) ||
        std::uint32_t(p[1]) << 8 != (color & 0xff00) || p[2] != (color & 0xff)) {
      return false;
    }
  }
  return true;
}

inline bool are_right(const std::vector<PixelCache::Picture>& pictures) {
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (!has_color(pictures[i], color_of(static_cast<int>(i)))) return false;
  }
  return true;
}

struct Loaded {
  // The views are valid as long as this.
  std::unique_ptr<PixelCache> cache;
  std::vector<PixelCache::Picture> pictures;
  PixelCache::Statistics statistics;
};

inline Loaded load(const std::filesystem::path& folder, const std::vector<ImageSample>& samples,
                   int threads = 2) {
  Loaded loaded{std::make_unique<PixelCache>(folder, kSide), {}, {}};
  loaded.pictures = loaded.cache->load(samples, threads, {}, &loaded.statistics);
  return loaded;
}

}  // namespace mat
