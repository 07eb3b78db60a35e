#pragma once

#include <string>

#include "core/plot/text_canvas.h"

namespace mat {

// The line with its colours and looks, and a line break.
std::string line_text(const TextLine& line, bool has_colour);

}  // namespace mat
