#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/json.h"
#include "core/curves/curve_index.h"
#include "core/http/query.h"
#include "core/registry/registry.h"

namespace mat {

// The curves of one version.
struct FollowedCurves {
  explicit FollowedCurves(const std::string& version_folder)
      : folder(version_folder), index(version_folder) {}

  const std::string folder;
  std::mutex mutex;
  CurveIndex index;
  std::atomic<std::uint64_t> bytes = 0;  // of the index, when it was last used
};

// The curves of the versions that pages look at: read once, followed as they grow. Thread safe.
class UiCurves {
 public:
  // What the query asks for of the version: "metric", each of them (all without one); "x", "step",
  // "epoch" or "time", seconds since the version's first point; "from", "to"; "points".
  // {"reference", "generation", "curves": [{"metric", "count", "exact", "x", "y", "marks": [{"x",
  // "kind", "count"}], and where it is not exact "mean": {"x", "y"}}]}
  Json document(const Home& home, const VersionRecord& version, const HttpQuery& query);

 private:
  std::shared_ptr<FollowedCurves> followed(const std::string& folder);

  std::mutex mutex_;
  std::list<std::shared_ptr<FollowedCurves>> followed_;  // newest first
};

}  // namespace mat
