#pragma once

#include <string_view>

namespace mat {

// Stands for a value that is not shown.
constexpr const char* kHiddenValue = "(hidden)";

// A name whose value is never shown or recorded: it holds TOKEN, KEY, PASSWORD, PASSWD, SECRET or
// CREDENTIAL, or ends in _AK, _SK or _PASS, in any case. Rather too many than too few
// ("TOKENIZERS_PARALLELISM").
bool is_secret_name(std::string_view name);

}  // namespace mat
