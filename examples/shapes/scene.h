#pragma once

#include "core/image/image.h"
#include "examples/shapes/outline.h"
#include "examples/shapes/random.h"

namespace mat {

// A picture of the shape in a random place, size, angle and colour, before a random background with
// things on it that mean nothing. Of a size as photographs on the web have it.
Image draw_scene(const ShapeClass& shape, Random& random);

}  // namespace mat
