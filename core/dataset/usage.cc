#include "core/dataset/usage.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.h"

namespace mat {

const char* usage_text(Usage usage) {
  switch (usage) {
    case Usage::train:
      return "TRAIN";
    case Usage::validation:
      return "EVAL";
    case Usage::test:
      break;
  }
  return "TEST";
}

std::optional<Usage> parse_usage(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, Usage>, 9> kWords = {{
      {"train", Usage::train},
      {"training", Usage::train},
      {"eval", Usage::validation},
      {"val", Usage::validation},
      {"valid", Usage::validation},
      {"validation", Usage::validation},
      {"dev", Usage::validation},
      {"test", Usage::test},
      {"testing", Usage::test},
  }};
  const std::string word = lower(trim(text));
  const auto* found = std::find_if(kWords.begin(), kWords.end(),
                                   [&](const auto& known) { return known.first == word; });
  return found == kWords.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace mat
