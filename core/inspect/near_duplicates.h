#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/cache/pixel_cache.h"
#include "core/inspect/picture_fingerprint.h"

namespace mat {

// Called from the calling thread; false ends the work with an interrupted error. May be empty.
using InspectProgress = std::function<bool(std::int64_t done, std::int64_t total)>;

// Which pictures show the same photograph: encoded anew, resized or stretched, brighter or darker,
// mirrored, or cropped by up to about 5 %. Two photographs of one thing do not count, nor two
// things that look alike.
//
// Gives for each picture the first picture of its group (its own index when it is alone or has no
// pixels). Groups are what is linked, also by way of others. Equal contents are always one group;
// otherwise nearly blank pictures are alone, since any two of them look the same.
//
// `fingerprints` are in order of `pictures`, of their views; those of pictures without a view are
// ignored. Candidates come from an index of the fingerprints and are then compared by their pixels,
// so that the time grows hardly faster than the number of pictures. The result depends on nothing
// else than the arguments, `threads` excepted.
std::vector<int> near_duplicate_groups(const std::vector<PixelCache::Picture>& pictures,
                                       const std::vector<PictureFingerprints>& fingerprints,
                                       int threads, const InspectProgress& progress);

}  // namespace mat
