#pragma once

#include <cstddef>

namespace mat {

// How many of `count` samples that are alike are set aside for validation: the nearest number to
// that part of them, but at least one and never all. None of a single one, and none at ratio 0.
std::size_t validation_count(std::size_t count, double ratio);

}  // namespace mat
