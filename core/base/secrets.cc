#include "core/base/secrets.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"

namespace mat {

bool is_secret_name(std::string_view name) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"token", "key", "password", "passwd", "passphrase", "secret", "credential", "jwt"});
  constexpr auto kEndings =
      std::to_array<std::string_view>({"_ak", "_sk", "_pass", "_pwd", "_auth"});
  const std::string in_lower_case = lower(name);
  for (const std::string_view ending : kEndings) {
    if (in_lower_case.ends_with(ending)) return true;
  }
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return in_lower_case.find(word) != std::string::npos;
  });
}

}  // namespace mat
