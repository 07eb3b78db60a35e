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

std::vector<std::string> without_secrets(const std::vector<std::string>& arguments) {
  std::vector<std::string> shown_arguments;
  bool hides_next = false;
  for (const std::string& argument : arguments) {
    std::string shown = hides_next ? kHiddenValue : argument;
    hides_next = false;
    std::size_t start = 0;
    for (std::size_t equals = shown.find('='); equals != std::string::npos;
         equals = shown.find('=', start)) {
      if (is_secret_name(std::string_view(shown).substr(start, equals - start))) {
        shown = shown.substr(0, equals + 1) + kHiddenValue;
        break;
      }
      start = equals + 1;
    }
    if (start == 0 && shown.find('=') == std::string::npos) {
      hides_next = shown.starts_with("--") && is_secret_name(shown);
    }
    shown_arguments.push_back(std::move(shown));
  }
  return shown_arguments;
}

}  // namespace mat
