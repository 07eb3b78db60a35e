#pragma once

#include <string>
#include <string_view>

#include "core/http/message.h"

namespace mat {

// 256 bits by chance, as 43 letters and digits, '-' and '_'. Throws io errors.
std::string make_token();

// In a time that tells nothing about where they differ.
bool is_same_secret(std::string_view a, std::string_view b);

// Whether "Authorization: Bearer TOKEN" says it.
bool has_token(const HttpRequest& request, std::string_view token);

}  // namespace mat
