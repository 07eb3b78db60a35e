#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/spec/yaml_tree.h"

namespace mat {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

enum class NumberForm { none, integer, floating };

// [+-] digits [. digits] [e [+-] digits], without leading zeros.
NumberForm number_form(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  const std::size_t whole = at;
  at = skip_digits(text, at);
  const std::size_t whole_digits = at - whole;
  if (whole_digits > 1 && text[whole] == '0') return NumberForm::none;
  std::size_t digits = whole_digits;
  NumberForm form = NumberForm::integer;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    at = skip_digits(text, at);
    digits += at - fraction;
    form = NumberForm::floating;
  }
  if (digits == 0) return NumberForm::none;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, at);
    if (at == exponent) return NumberForm::none;
    form = NumberForm::floating;
  }
  return at == text.size() ? form : NumberForm::none;
}

// Words that are booleans or null in some version of YAML, or for some of its readers.
bool is_ambiguous_word(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords{"true", "false", "yes", "no", "on",
                                                   "off",  "null",  "y",   "n"};
  const std::string word = lower(text.substr(0, 6));
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

bool can_stand_plain(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || text.back() == ' ' || !(is_letter(text[0]) || text[0] == '/')) return false;
  return !is_ambiguous_word(text) && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("_-./@ ").find(c) != std::string::npos;
  });
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02X}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

Json plain_scalar(std::string_view text, std::string* problem) {
  problem->clear();
  if (text == "true") return true;
  if (text == "false") return false;
  const NumberForm form = number_form(text);
  if (form == NumberForm::integer) {
    if (const auto integer = parse_integer(text)) return *integer;
  } else if (form == NumberForm::floating) {
    if (const auto number = parse_number(text)) return *number;
  }
  if (form != NumberForm::none) *problem = "is too large or too small a number";
  const std::string word = lower(text.substr(0, 6));
  const bool means_true = word == "true" || word == "yes" || word == "on";
  const bool means_false = word == "false" || word == "no" || word == "off";
  if (means_true || means_false) {
    *problem = fmt::format("must not be the bare word {0}: write {1}, or \"{0}\" for the text",
                           text, means_true);
  }
  return std::string(text);
}

std::string to_yaml_scalar(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return can_stand_plain(text) ? text : in_quotes(text);
  }
  if (value.is_number_float()) return format_number(value.get<double>());
  return value.dump();
}

}  // namespace mat
