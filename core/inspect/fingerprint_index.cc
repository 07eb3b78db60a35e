#include "core/inspect/fingerprint_index.h"

#include <bit>

namespace mat {
namespace {

constexpr int kBits = 16;  // of a quarter
constexpr std::uint32_t kValues = 1U << kBits;
constexpr std::size_t kMostLookedAt = 8192;  // for one fingerprint

std::uint32_t quarter(const PictureFingerprint& fingerprint, int which) {
  return static_cast<std::uint32_t>(fingerprint.bits >> (which * kBits)) & (kValues - 1);
}

// Zero, then every way to change one bit, then two.
const std::vector<std::uint32_t>& changes() {
  static const std::vector<std::uint32_t> masks = [] {
    std::vector<std::uint32_t> result{0};
    for (int i = 0; i < kBits; ++i) result.push_back(1U << i);
    for (int i = 0; i < kBits; ++i) {
      for (int k = 0; k < i; ++k) result.push_back(1U << i | 1U << k);
    }
    return result;
  }();
  return masks;
}

}  // namespace

FingerprintIndex::FingerprintIndex(const std::vector<PictureFingerprint>& fingerprints)
    : fingerprints_(fingerprints) {
  for (int q = 0; q < kQuarters; ++q) {
    auto& [starts, indices] = tables_[q];
    starts.assign(kValues + 1, 0);
    for (const auto& f : fingerprints) {
      if (!f.is_flat) ++starts[quarter(f, q) + 1];
    }
    for (std::uint32_t v = 0; v < kValues; ++v) starts[v + 1] += starts[v];
    indices.resize(starts[kValues]);
    std::vector<std::uint32_t> next(starts.begin(), starts.end() - 1);
    for (std::uint32_t i = 0; i < fingerprints.size(); ++i) {
      if (!fingerprints[i].is_flat) indices[next[quarter(fingerprints[i], q)]++] = i;
    }
  }
}

void FingerprintIndex::find_near(const PictureFingerprint& fingerprint, int max_distance,
                                 std::vector<Neighbor>& found) const {
  std::size_t looked_at = 0;
  for (const std::uint32_t change : changes()) {
    // One of the quarters has no more than its share; the masks come in order of their bits.
    if (std::popcount(change) > max_distance / kQuarters) break;
    for (int q = 0; q < kQuarters && looked_at < kMostLookedAt; ++q) {
      const auto& [starts, indices] = tables_[q];
      const std::uint32_t value = quarter(fingerprint, q) ^ change;
      for (std::uint32_t k = starts[value]; k < starts[value + 1]; ++k) {
        if (++looked_at > kMostLookedAt) break;
        const int bits = distance(fingerprint, fingerprints_[indices[k]]);
        if (bits <= max_distance) found.push_back({indices[k], bits});
      }
    }
  }
}

}  // namespace mat
