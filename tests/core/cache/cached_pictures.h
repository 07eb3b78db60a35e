#pragma once

#include <fmt/core.h>

#include <memory>
#include <vector>

#include "core/cache/pixel_cache.h"
#include "tests/test_files.h"

namespace mat {

inline constexpr int kSide = 32;

// Every picture has a color of its own, so that a mix-up shows.
inline std::uint32_t color_of(int i) { return 0x10203 * (i % 80) + 0x070000 * (i / 80); }

inline std::vector<std::filesystem::path> put_pictures(const std::filesystem::path& folder,
                                                       int count) {
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < count; ++i) {
    files.push_back(folder / fmt::format("{}.bmp", i));
    put_file(files.back(), bmp_of_color(40 + i % 7, 44, color_of(i)));
  }
  return files;
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

inline Loaded load(const std::filesystem::path& folder,
                   const std::vector<std::filesystem::path>& files, int threads = 2) {
  Loaded loaded{std::make_unique<PixelCache>(folder, kSide), {}, {}};
  loaded.pictures = loaded.cache->load(files, threads, {}, &loaded.statistics);
  return loaded;
}

}  // namespace mat
