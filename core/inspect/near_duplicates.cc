#include "core/inspect/near_duplicates.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/cache/content.h"
#include "core/inspect/fingerprint_index.h"
#include "core/inspect/parallel.h"
#include "core/inspect/picture_likeness.h"

namespace mat {
namespace {

// Compared by their pixels for one picture: the true ones are among the nearest, and more of them
// are linked by way of each other.
constexpr std::size_t kMostCompared = 32;
// Looked for less widely: pictures that are both mirrored and cropped are rare.
constexpr int kMaxMirroredCropDistance = 7;
// Pictures between two reports of progress: at least so many, and at least so many for each thread.
constexpr std::size_t kBatch = 256, kBatchOfThread = 32;

class Groups {
 public:
  explicit Groups(std::size_t count) : first_(count) { std::iota(first_.begin(), first_.end(), 0); }

  int first_of(int i) {
    while (first_[i] != i) i = first_[i] = first_[first_[i]];
    return i;
  }
  void join(int a, int b) {
    a = first_of(a);
    b = first_of(b);
    first_[std::max(a, b)] = std::min(a, b);
  }
  std::vector<int> take() {
    for (std::size_t i = 0; i < first_.size(); ++i) first_[i] = first_of(static_cast<int>(i));
    return std::move(first_);
  }

 private:
  std::vector<int> first_;
};

// Of one picture with another.
struct Pair {
  int distance;
  std::uint32_t other;
  bool mirrored;
  bool is_same = false;
};

void report(const InspectProgress& progress, std::size_t done, std::size_t total) {
  if (progress && !progress(static_cast<std::int64_t>(done), static_cast<std::int64_t>(total))) {
    throw Error(ErrorKind::interrupted, "interrupted while comparing pictures");
  }
}

void join_equal_contents(const std::vector<PixelCache::Picture>& pictures, Groups& groups) {
  std::unordered_map<Content, int, ContentHash> first;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const Content content{pictures[i].content_high, pictures[i].content_low};
    if (content == Content{}) continue;
    const auto [found, is_new] = first.try_emplace(content, static_cast<int>(i));
    if (!is_new) groups.join(found->second, static_cast<int>(i));
  }
}

// What is looked up: of pictures with pixels, and where several have one content, of the first.
std::vector<PictureFingerprint> searched_fingerprints(
    const std::vector<PixelCache::Picture>& pictures,
    const std::vector<PictureFingerprints>& fingerprints, Groups& groups) {
  std::vector<PictureFingerprint> result(pictures.size());
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const bool stands_for_others = groups.first_of(static_cast<int>(i)) == static_cast<int>(i);
    if (pictures[i].view.pixels != nullptr && stands_for_others) result[i] = fingerprints[i].whole;
  }
  return result;
}

// The nearest others of picture `i`, as it is or mirrored. A cropped one is found from the whole
// one.
std::vector<Pair> candidates_of(const FingerprintIndex& index, const PictureFingerprints& own,
                                std::size_t i) {
  std::vector<FingerprintIndex::Neighbor> found;
  std::vector<Pair> pairs;
  for (const bool mirrored : {false, true}) {
    const auto look_up = [&](const PictureFingerprint& fingerprint, int max_distance) {
      found.clear();
      index.find_near(mirrored ? fingerprint.mirrored() : fingerprint, max_distance, found);
      for (const auto& [other, distance] : found) {
        if (other != i) pairs.push_back({distance, other, mirrored});
      }
    };
    look_up(own.whole, FingerprintIndex::kMaxDistance);
    for (const auto& crop : own.crops) {
      look_up(crop, mirrored ? kMaxMirroredCropDistance : FingerprintIndex::kMaxDistance);
    }
  }
  const auto is_before = [](const Pair& a, const Pair& b) {
    return std::tie(a.other, a.mirrored, a.distance) < std::tie(b.other, b.mirrored, b.distance);
  };
  std::sort(pairs.begin(), pairs.end(), is_before);
  const auto is_same = [](const Pair& a, const Pair& b) {
    return a.other == b.other && a.mirrored == b.mirrored;
  };
  pairs.erase(std::unique(pairs.begin(), pairs.end(), is_same), pairs.end());
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.distance < b.distance; });
  if (pairs.size() > kMostCompared) pairs.resize(kMostCompared);
  return pairs;
}

}  // namespace

std::vector<int> near_duplicate_groups(const std::vector<PixelCache::Picture>& pictures,
                                       const std::vector<PictureFingerprints>& fingerprints,
                                       int threads, const InspectProgress& progress) {
  Groups groups(pictures.size());
  join_equal_contents(pictures, groups);
  const auto searched = searched_fingerprints(pictures, fingerprints, groups);
  const FingerprintIndex index(searched);
  std::vector<ResizeScratch> scratches(std::max(threads, 1));
  std::vector<std::vector<Pair>> batch(std::max(kBatch, kBatchOfThread * scratches.size()));
  for (std::size_t start = 0; start < pictures.size(); start += batch.size()) {
    report(progress, start, pictures.size());
    const std::size_t count = std::min(batch.size(), pictures.size() - start);
    for_each_index(count, threads, [&](std::size_t k, int thread) {
      const std::size_t i = start + k;
      batch[k].clear();
      if (searched[i].is_flat) return;
      batch[k] = candidates_of(index, fingerprints[i], i);
      if (batch[k].empty()) return;
      const Thumbnail own = thumbnail_of(pictures[i].view, false, scratches[thread]);
      for (Pair& pair : batch[k]) {
        const auto other =
            thumbnail_of(pictures[pair.other].view, pair.mirrored, scratches[thread]);
        pair.is_same = likeness_of(other, own).is_same();
      }
    });
    for (std::size_t k = 0; k < count; ++k) {
      for (const Pair& pair : batch[k]) {
        if (pair.is_same) groups.join(static_cast<int>(start + k), static_cast<int>(pair.other));
      }
    }
  }
  report(progress, pictures.size(), pictures.size());
  return groups.take();
}

}  // namespace mat
