#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/cache/picture_file.h"
#include "core/dataset/published.h"
#include "core/dataset/write_published.h"
#include "tests/core/dataset/imported.h"

namespace mat {

// A folder of pictures, imported as a manifest beside it, and what is in each.
struct Dataset {
  TempFolder folder;
  std::filesystem::path manifest = folder / "current.manifest";
  std::filesystem::path version = folder / "V001.manifest";
  std::vector<Content> contents;

  void picture(const std::string& name, std::uint32_t color) const {
    put_file(folder.path() / "pics" / name, bmp_of_color(8, 8, color));
  }

  void import() {
    ManifestWriter writer(manifest);
    contents.clear();
    import_pictures(folder / "pics", {}, [&](ManifestSample&& sample) {
      std::vector<std::uint8_t> bytes;
      read_picture_file(sample.source, bytes);
      contents.push_back(content_of(bytes.data(), bytes.size()));
      writer.write(sample);
    });
    writer.finish();
  }

  PublishSummary publish(const PublishOptions& options = {}) const {
    return write_published(manifest, version, contents, {}, options);
  }

  std::vector<PixelCache::Picture> load(const PictureSet& set,
                                        PixelCache::Statistics* statistics = nullptr) const {
    PixelCache cache(folder / "cache", 8);
    return cache.load(files_of(set), 1, {}, statistics);
  }
};

inline void fill(Dataset& data, int count = 10) {
  for (int i = 0; i < count; ++i) {
    data.picture(fmt::format("cat/{}.bmp", i), 0x100000 + i);
    data.picture(fmt::format("dog/{}.bmp", i), 0x200000 + i);
  }
  data.import();
}

inline std::set<std::string> names_of(const PictureSet& set, Usage usage) {
  std::set<std::string> names;
  for (const auto& sample : set.samples) {
    if (sample.usage == usage) names.insert(sample.name);
  }
  return names;
}

}  // namespace mat
