#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/inspect/picture_fingerprint.h"

namespace mat {

// Finds fingerprints near a given one without looking at all: a fingerprint within 11 bits has in
// at least one of its four quarters at most two bits that differ, so each quarter is a table,
// looked up under the given quarter and all that are within two bits of it. 20 bytes a fingerprint,
// and a megabyte. Thread safe once it is made.
class FingerprintIndex {
 public:
  static constexpr int kMaxDistance = 11;

  // Takes those that are not flat. `fingerprints` must outlive it.
  explicit FingerprintIndex(const std::vector<PictureFingerprint>& fingerprints);

  struct Neighbor {
    std::uint32_t index;
    int distance;
  };

  // Adds those within `max_distance`, up to kMaxDistance, to `found`, some more than once: a
  // smaller one takes much less time. Where thousands are nearly the same, as with the frames of a
  // film, only the first thousands are looked at.
  void find_near(const PictureFingerprint& fingerprint, int max_distance,
                 std::vector<Neighbor>& found) const;

 private:
  static constexpr int kQuarters = 4;
  struct Table {
    std::vector<std::uint32_t> starts;  // of each value of the quarter in `indices`, and the end
    std::vector<std::uint32_t> indices;
  };

  const std::vector<PictureFingerprint>& fingerprints_;
  std::array<Table, kQuarters> tables_;
};

}  // namespace mat
