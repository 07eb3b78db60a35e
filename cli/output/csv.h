#pragma once

#include <string>

namespace mat {

// A cell as RFC 4180 has it: in quotes where it must be.
std::string csv_cell(const std::string& text);

}  // namespace mat
