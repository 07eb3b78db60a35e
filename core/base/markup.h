#pragma once

#include <string>
#include <string_view>

namespace mat {

// As text of an element, or as an attribute's value in quotes, of HTML and XML. What cannot stand
// there, such as control characters, is made printable.
std::string markup_text(std::string_view text);

}  // namespace mat
