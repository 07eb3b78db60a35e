#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/catalog/dataset_folder.h"
#include "core/catalog/picture_counts.h"
#include "core/dataset/write_published.h"

namespace mat {

struct PublishRequest {
  double train_ratio = 0.8;  // of the pictures whose usage is not decided; above 0 and below 1
  std::int64_t seed = 0;
  std::string name;  // of the version; empty: none but its number
  std::string description;
  int threads = 1;
  // Pictures that the current version has stay on their side of the split, by their content, where
  // their usage is not decided and the version was split with the same train_ratio.
  bool keep_split = false;
  // Asked before the version is recorded, with what it would have: throws when that will not do.
  // May be empty.
  std::function<void(const PictureCounts&)> accept;
  // When the version would be the same as the current one: give that instead of a conflict error.
  bool accept_same = false;
};

struct PublishReport {
  DatasetVersionRecord version;
  bool is_new = true;              // false: accept_same
  std::int64_t already_split = 0;  // pictures whose usage was decided before
  std::int64_t kept_split = 0;     // by keep_split
  std::int64_t duplicates = 0;     // labelled, that show what another one shows, on its side
  std::int64_t divided = 0;        // that show what one on another side shows: as they were given
  // See PublishSummary.
  std::vector<std::vector<PublishSummary::Labelled>> contradictory;
  std::int64_t contradictory_count = 0;
  std::int64_t hashed = 0;                      // files that had to be read
  std::map<std::string, std::string> left_out;  // some of the pictures that are not in it → why
};

// Makes the next version of a dataset from its list: every picture that can be read, with a hash of
// its content, and every labelled one with a usage. Pictures that show the same photograph are on
// one side of the split. The version is the dataset's current one from then on. Files that the
// home's cache knows and that have not changed are not read again.
//
// Throws usage errors: a ratio or name that is none, a list without a picture that can be read;
// conflict when the version would have the same manifest as the current one; and io errors.
PublishReport publish_dataset(Registry& registry, const std::string& name,
                              const PublishRequest& request, const CatalogHooks& hooks);

// What is recorded of a published manifest and of those that train on it: a hash of all its bytes.
// Throws an io error when it cannot be read.
std::string manifest_fingerprint(const std::filesystem::path& manifest);

}  // namespace mat
