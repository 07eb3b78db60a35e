#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/cache/pixel_cache.h"
#include "core/inspect/finding.h"
#include "core/inspect/labelled_files.h"

namespace mat {

// Below the first a training refuses a class, below the second it is a warning.
constexpr std::int64_t kFewestPictures = 5, kFewPictures = 20;

struct CheckOptions {
  std::filesystem::path cache_folder;  // of decoded pictures
  int short_side = kCommonShortSide;
  int threads = 1;
  // Called from the calling thread; false ends the check with an interrupted error. May be empty.
  std::function<bool(std::string_view phase, std::int64_t done, std::int64_t total)> progress;
};

struct DatasetCheck {
  struct Class {
    std::string name;
    // Of its pictures with this label alone. `undecided`: neither of training nor of the others.
    std::int64_t pictures = 0, train = 0, validation = 0, test = 0, undecided = 0;
    std::int64_t unreadable = 0;  // of all of them
  };

  LabelledFiles files;
  std::vector<PixelCache::Picture> pictures;  // in order of files.files
  std::unique_ptr<PixelCache> cache;          // which the pictures' views belong to
  PixelCache::Statistics loaded;
  std::vector<Class> classes;     // in order of files.classes
  std::vector<Finding> findings;  // in order of their kinds, then of their first pictures

  std::int64_t readable = 0, unlabelled = 0, several_labels = 0;
  std::int64_t other_files = 0;  // among files.files, but no pictures and without a label
  // Files that are, or were meant to be, pictures.
  std::int64_t picture_count() const {
    return static_cast<std::int64_t>(files.size()) - other_files;
  }
  bool has_usages = false;  // some pictures say what they are for

  bool has_errors() const;
};

// Looks at every picture once. About 300 bytes a picture stay in memory beside the names, and the
// pixels in the cache, where a later training finds them. Findings are no errors: throws io errors
// of the cache (a full disk), and interrupted.
DatasetCheck check_dataset(LabelledFiles files, const CheckOptions& options);

// How often each kind was found, in their order; those that were not are left out.
struct KindSummary {
  FindingKind kind;
  std::int64_t findings = 0, pictures = 0;
};
std::vector<KindSummary> summarize(const DatasetCheck& check);

// {"root", "pictures", "readable", …, "classes": [{"name", "pictures", …}], "summary": [{"kind",
//  "severity", "findings", "pictures"}], "findings": [{"kind", "severity", "detail", "subject",
//  "pictures": [name…]}]}
Json to_json(const DatasetCheck& check);

}  // namespace mat
