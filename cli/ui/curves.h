#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/json.h"
#include "core/curves/curve_index.h"
#include "core/http/query.h"
#include "core/registry/registry.h"

namespace mat {

// The curves of the versions that pages look at: read once, followed as they grow. Thread safe.
class UiCurves {
 public:
  // What the query asks for of the version: "metric", each of them (all without one); "x", "step"
  // or "time", seconds since the version's first point; "from", "to"; "points".
  // {"reference", "generation", "curves": [{"metric", "count", "exact", "x", "y", "marks": [{"x",
  // "kind", "count"}]}]}
  Json document(const Home& home, const VersionRecord& version, const HttpQuery& query);

 private:
  struct Followed {
    std::string folder;
    std::mutex mutex;
    CurveIndex index;
    explicit Followed(const std::string& f) : folder(f), index(f) {}
  };
  std::shared_ptr<Followed> followed(const std::string& folder);

  std::mutex mutex_;
  std::list<std::shared_ptr<Followed>> followed_;  // newest first
};

}  // namespace mat
