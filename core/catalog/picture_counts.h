#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "core/base/json.h"

namespace mat {

// How many pictures there are, by what they are for; `undecided` have no usage yet.
struct UsageCounts {
  std::int64_t train = 0, validation = 0, test = 0, undecided = 0;

  std::int64_t total() const { return train + validation + test + undecided; }
};

// What a dataset's list or one of its versions has.
struct PictureCounts {
  std::int64_t pictures = 0;
  std::int64_t unlabelled = 0;
  std::int64_t several_labels = 0;
  std::int64_t left_out = 0;  // of a version: in the list, but could not be read when published
  UsageCounts usage;          // of all
  std::map<std::string, UsageCounts> classes;  // of those with one label
};

// Reads a manifest, one line at a time. Throws what ManifestReader does.
PictureCounts count_pictures(const std::filesystem::path& manifest);

// {"pictures", "train", "eval", "test", "undecided", "unlabelled", "several_labels", "left_out",
//  "classes": {NAME: {"train", "eval", "test", "undecided"}}}; a version's also "left_out_files":
// {FILE: why} of the first of them.
Json to_json(const PictureCounts& counts);
// Throws an io error for anything else.
PictureCounts picture_counts_from_json(const Json& json);

}  // namespace mat
