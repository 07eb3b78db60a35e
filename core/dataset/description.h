#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/cache/pixel_cache.h"
#include "core/dataset/image_folder.h"

// What is told of a data folder once its pictures are loaded. `pictures` are those of
// PixelCache::load() for folder.samples, in the same order.

namespace mat {

// Of one class: readable pictures by usage, and files of any usage without a picture.
struct ClassCounts {
  std::int64_t train = 0, validation = 0, test = 0, unreadable = 0;
};

// In order of folder.classes.
std::vector<ClassCounts> count_classes(const PictureSet& folder,
                                       const std::vector<PixelCache::Picture>& pictures);

// XXH3-128, in hexadecimal, of every sample's name, label and content: the same for the same data
// wherever it lies, another when a file is added, removed, renamed or changed. The split into
// training and validation does not count.
std::string dataset_fingerprint(const PictureSet& folder,
                                const std::vector<PixelCache::Picture>& pictures);

// {"root", "fingerprint", "classes": […], "train": n, "validation": n, "test": n, "unreadable": n,
//  "per_class": {class: {"train": n, "validation": n, "test": n, "unreadable": n}}}; of a manifest
// also "manifest": its file, and "unlabelled" and "several_labels": those that are left out.
Json describe_dataset(const PictureSet& folder, const std::vector<PixelCache::Picture>& pictures);

}  // namespace mat
