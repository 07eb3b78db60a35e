#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/dataset/usage.h"

namespace mat {

// A picture in two manifests. What is not in one of them is empty on that side.
struct PictureChange {
  struct Side {
    std::string source;
    std::vector<std::string> labels;
    std::optional<Usage> usage;
  };
  Side before, after;

  const std::string& source() const { return after.source.empty() ? before.source : after.source; }
};

// Each list in order of source(). A picture may be in several of the last four.
struct ManifestDiff {
  std::int64_t same = 0;  // in all of that
  std::vector<PictureChange> added, removed;
  std::vector<PictureChange> relabelled;
  std::vector<PictureChange> other_usage;  // from train to validation, …
  std::vector<PictureChange> moved;        // the same content at another place
  std::vector<PictureChange> changed;      // another content at the same place
};

// What became of the pictures of `before` in `after`. A picture is the same by place and content,
// else by content, else by place. Throws what ManifestReader does.
ManifestDiff diff_manifests(const std::filesystem::path& before,
                            const std::filesystem::path& after);

}  // namespace mat
