#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/cache/content.h"
#include "core/dataset/usage.h"

namespace mat {

using UsageByContent = std::unordered_map<Content, Usage, ContentHash>;

struct PublishOptions {
  double train_ratio = 0.8;  // between 0 and 1
  std::uint64_t seed = 0;
  // Of pictures whose usage is not decided. Those that are one group and differ train.
  UsageByContent earlier = {};
};

struct PublishSummary {
  struct Class {
    std::int64_t train = 0, validation = 0, test = 0;
  };
  std::int64_t pictures = 0;  // that are in the version
  std::int64_t train = 0, validation = 0, test = 0;
  std::int64_t unlabelled = 0;      // in it, without a usage
  std::int64_t several_labels = 0;  // in it, left out of training with one label each
  std::int64_t left_out = 0;        // not in it: no content
  std::int64_t already_split = 0;   // whose usage was decided before
  std::int64_t kept_split = 0;      // whose usage is the earlier one
  // Pictures of one content that have different labels, the first with each of these; a few.
  // They train all the same.
  struct Labelled {
    std::string source;
    std::vector<std::string> labels;
  };
  std::vector<std::vector<Labelled>> contradictory;
  std::int64_t contradictory_count = 0;  // of such contents
  // Labelled ones that show what another one shows, and are on its side of the split; and those
  // of which some are on another side, since `from` says so.
  std::int64_t together = 0, divided = 0;
  std::map<std::string, Class> classes;  // of pictures with one label
};

// Writes the manifest of a version at `to` from the one at `from`, with a content hash and a usage
// for every labelled picture. `contents` and `groups` (see SplitSample; may be empty) are in order
// of the lines of `from`. A file whose content is zeros (it could not be read) is left out.
// Pictures of the same content are one group. A usage that `from` says is kept, except that without
// any EVAL those that say TRAIN are split too. Reads `from` twice instead of keeping it. Throws
// usage errors, with FILE:LINE, and io errors.
PublishSummary write_published(const std::filesystem::path& from, const std::filesystem::path& to,
                               const std::vector<Content>& contents, const std::vector<int>& groups,
                               const PublishOptions& options);

}  // namespace mat
