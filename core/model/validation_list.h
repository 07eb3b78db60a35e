#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/base/home.h"
#include "core/base/json.h"

// What a model was validated on: validation.jsonl beside its weights, with a line {"file", "label"}
// for each picture, whose name is relative to a folder. That stands in model.json; a folder within
// the home is kept relative to it, since homes are moved.

namespace mat {

// {"root", "pictures"} for model.json. Writes the list into `folder` from the predictions.jsonl of
// a version; there is none where that is absent or has none of pictures. `root` is where the
// pictures were. Throws errors of JsonLines and io errors.
Json write_validation_list(const Home& home, const std::filesystem::path& predictions,
                           const std::filesystem::path& root, const std::filesystem::path& folder);

// The pictures of a model whose folder is `folder`; `validation` is what stands in its model.json.
// Opens none of them.
std::vector<std::filesystem::path> validation_pictures(const Home& home, const Json& validation,
                                                       const std::filesystem::path& folder);

}  // namespace mat
