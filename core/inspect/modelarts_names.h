#pragma once

#include <string>
#include <string_view>

namespace mat {

// Why ModelArts takes no picture of this name, relative to its dataset: "has a space", "does not
// end in .jpg, .jpeg, .png or .bmp". Empty when it does.
//
// Its rule: JPG, JPEG, PNG and BMP by their endings; no plus signs, spaces, tabs or Chinese
// characters. Other control bytes and what is not ASCII count as refused too, since its pages do
// not agree about them; and OBS takes names of up to 1023 bytes.
std::string why_modelarts_refuses(std::string_view name);

}  // namespace mat
