#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mat {

// Stands for a value that is not shown.
constexpr const char* kHiddenValue = "(hidden)";

// A name whose value is never shown or recorded: it holds TOKEN, KEY, PASSWORD, PASSWD, PASSPHRASE,
// SECRET, CREDENTIAL or JWT, or ends in _AK, _SK, _PASS, _PWD or _AUTH, in any case. Rather too
// many than too few ("TOKENIZERS_PARALLELISM").
bool is_secret_name(std::string_view name);

// A command line without the values of secret names: in "NAME=VALUE" wherever it stands in an
// argument, and in the argument after "--NAME".
std::vector<std::string> without_secrets(const std::vector<std::string>& arguments);

}  // namespace mat
