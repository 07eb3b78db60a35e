#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mat {

// Standard or URL-safe letters, with or without the '=' at the end; line breaks are passed over.
// Nothing for any other text.
std::optional<std::string> decode_base64(std::string_view text);

std::string encode_base64(std::string_view bytes);

}  // namespace mat
