#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/catalog/datasets.h"
#include "core/catalog/publish.h"
#include "core/dataset/manifest.h"
#include "tests/core/registry/registry_home.h"
#include "tests/test_files.h"

namespace mat {

inline PublishRequest by_seed(std::int64_t seed, double train_ratio = 0.8) {
  PublishRequest request;
  request.seed = seed;
  request.train_ratio = train_ratio;
  return request;
}

inline PublishRequest or_same(PublishRequest request = {}) {
  request.accept_same = true;
  return request;
}

inline PublishRequest called(const std::string& name, std::int64_t seed = 0) {
  PublishRequest request = by_seed(seed);
  request.name = name;
  return request;
}

// A home, and a folder with pictures beside it.
class CatalogHome {
 public:
  CatalogHome() : home{folder / "home", "a test"}, data(folder / "data") {}

  Registry writer() const { return Registry(home, Registry::Mode::write); }

  // CLASS/0.bmp, … of 12×12 pixels, each another picture.
  void draw(const std::string& label, int count) const {
    for (int i = 0; i < count; ++i) {
      const auto color = static_cast<std::uint32_t>(i * 7919 + label.size() * 104729 + 1);
      const auto pixel = [&](int x, int y) { return (color * (x * 31 + y * 17 + 1)) & 0xFFFFFF; };
      put_file(data / label / (std::to_string(i) + ".bmp"), bmp_bytes(12, 12, pixel));
    }
  }

  ImportRequest request(const std::filesystem::path& source) const {
    ImportRequest request;
    request.source = source.string();
    return request;
  }

  DatasetImport create(const std::string& name) const {
    Registry registry = writer();
    return create_dataset(registry, name, "", request(data), {});
  }

  PublishReport publish(const std::string& name, const PublishRequest& request = {}) const {
    Registry registry = writer();
    return publish_dataset(registry, name, request, {});
  }

  std::vector<ManifestSample> list(const std::string& name) const {
    return read(list_of_dataset(home, name));
  }
  static std::vector<ManifestSample> read(const std::filesystem::path& manifest) {
    std::vector<ManifestSample> samples;
    ManifestReader reader(manifest);
    for (ManifestSample sample; reader.next(sample);) samples.push_back(sample);
    return samples;
  }

  std::set<std::string> entries_of(const std::string& dataset) const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(home.dataset_folder(dataset))) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  TempFolder folder{memory_folder()};
  Home home;
  std::filesystem::path data;
};

}  // namespace mat
