#include "core/http/query.h"

#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_digits = text[i] == '%' && i + 2 < text.size() && digit_of(text[i + 1]) >= 0 &&
                            digit_of(text[i + 2]) >= 0;
    if (has_digits) {
      result += static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2]));
      i += 2;
    } else {
      result += text[i] == '+' ? ' ' : text[i];
    }
  }
  return result;
}

}  // namespace

HttpQuery::HttpQuery(std::string_view query) {
  if (query.empty()) return;
  for (const std::string& part : split(query, '&')) {
    const std::size_t sign = part.find('=');
    values_.emplace_back(decoded(std::string_view(part).substr(0, sign)),
                         sign == part.npos ? "" : decoded(std::string_view(part).substr(sign + 1)));
  }
}

std::string HttpQuery::get(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string> HttpQuery::all(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [key, value] : values_) {
    if (key == name) found.push_back(value);
  }
  return found;
}

std::int64_t HttpQuery::integer(std::string_view name, std::int64_t without) const {
  const std::string text = get(name);
  if (text.empty()) return without;
  if (const auto value = parse_integer(text)) return *value;
  throw Error(ErrorKind::usage, fmt::format("{} must be a whole number, not '{}'", name, text));
}

std::optional<double> HttpQuery::number(std::string_view name) const {
  const std::string text = get(name);
  if (text.empty()) return std::nullopt;
  if (const auto value = parse_number(text)) return value;
  throw Error(ErrorKind::usage, fmt::format("{} must be a number, not '{}'", name, text));
}

std::string percent_encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool is_plain =
        is_letter_or_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos;
    result += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

}  // namespace mat
