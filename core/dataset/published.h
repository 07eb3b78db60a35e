#pragma once

#include <filesystem>
#include <vector>

#include "core/cache/pixel_cache.h"
#include "core/dataset/picture_set.h"
#include "core/dataset/split.h"

namespace mat {

// The pictures of a manifest that have one label, for training: a published version or anybody's
// own. Samples are named relative to the folder that they all lie in. Those without a usage are for
// training; where none is EVAL, classes are split as those of a folder are. Opens no picture.
// Throws usage errors: lines that are wrong, pictures that are in an object store, fewer than two
// classes, classes without a picture to train with; and io errors.
PictureSet read_published(const std::filesystem::path& manifest, const SplitOptions& options);

// A folder by read_image_folder(), a file by read_published().
PictureSet read_pictures(const std::filesystem::path& path, const SplitOptions& options);

// Throws a usage error that names the first few pictures that are not what they were when they were
// published, or gone. `pictures` are those of PixelCache::load() for set.samples.
void require_unchanged(const PictureSet& set, const std::vector<PixelCache::Picture>& pictures);

}  // namespace mat
