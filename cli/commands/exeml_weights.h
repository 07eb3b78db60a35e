#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/home.h"

namespace mat {

// The pretrained weights that an ExeML training starts from when none are named: of the safetensors
// files in $MAT_WEIGHTS or, without that, in the home's folder weights/, the smallest network for
// performance_first, the largest for accuracy_first, and one in the middle for balance. Says on
// stderr which, and why others are passed over. Nothing where there is none.
std::optional<std::filesystem::path> weights_at_hand(const Home& home,
                                                     const std::string& preference);

}  // namespace mat
