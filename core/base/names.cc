#include "core/base/names.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kMaxNameLength = 64;
constexpr std::size_t kMaxVersionNameLength = 32;

// What stands for a version in references: the aliases of models are without it too.
bool has_meaning(std::string_view name) {
  if (name == "latest" || name == "best" || name == "current") return true;
  if (!name.empty() && (name.front() == 'V' || name.front() == 'v')) name.remove_prefix(1);
  return !name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

bool is_valid_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
         });
}

void check_name(std::string_view kind, std::string_view name) {
  if (kind == "model" && has_meaning(name)) {
    throw Error(ErrorKind::usage, fmt::format("'{}' cannot be the name of a model", name),
                "numbers, latest, best and current mean something in references already");
  }
  if (is_valid_name(name)) return;
  const bool has_vowel = std::string_view("aeiou").find(kind.substr(0, 1)) != kind.npos;
  const char* article = has_vowel ? "an" : "a";
  throw Error(
      ErrorKind::usage, fmt::format("'{}' cannot be the name of {} {}", name, article, kind),
      fmt::format("use 1 to {} letters, digits, '-', '_' or '.', beginning with a letter or "
                  "digit",
                  kMaxNameLength));
}

bool is_dataset_version_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxVersionNameLength) return false;
  if (name == "latest" || name == "current") return false;
  std::string_view digits = name;
  if (digits.front() == 'V' || digits.front() == 'v') digits.remove_prefix(1);
  const bool is_number =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  return (!is_number || digits.empty()) && std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) || c == '-' || c == '_';
         });
}

bool is_dataset_reference(std::string_view text) {
  const std::size_t at = text.find('@');
  if (!is_valid_name(text.substr(0, at))) return false;
  if (at == std::string_view::npos) return true;
  const std::string_view which = text.substr(at + 1);
  return !which.empty() && which.size() <= kMaxVersionNameLength &&
         std::all_of(which.begin(), which.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

std::string version_label(std::int64_t number) { return fmt::format("V{:04}", number); }

std::string dataset_version_label(std::int64_t number) { return fmt::format("V{:03}", number); }

}  // namespace mat
