#include "core/dataset/split.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/validation_count.h"
#include "core/dataset/picture_set.h"

namespace mat {

void check_split(const SplitOptions& options) {
  if (options.validation_ratio >= 0 && options.validation_ratio < 1) return;
  throw Error(ErrorKind::usage,
              fmt::format("{} is no part of the pictures to validate with",
                          format_number(options.validation_ratio)),
              "give a number from 0 to below 1");
}

void split_classes(PictureSet& set, const SplitOptions& options) {
  std::vector<std::vector<std::pair<std::uint64_t, PictureSample*>>> by_class(set.classes.size());
  for (auto& sample : set.samples) {
    if (sample.usage != Usage::train) continue;
    const auto key = XXH3_64bits_withSeed(sample.name.data(), sample.name.size(), options.seed);
    by_class[static_cast<std::size_t>(sample.label)].emplace_back(key, &sample);
  }
  for (auto& pictures : by_class) {
    // Samples are in order of their names, so a stable sort leaves equal hashes in that order.
    std::stable_sort(pictures.begin(), pictures.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    const std::size_t count = validation_count(pictures.size(), options.validation_ratio);
    for (std::size_t i = 0; i < count; ++i) pictures[i].second->usage = Usage::validation;
  }
}

}  // namespace mat
