#include "core/http/query.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/http/message.h"

namespace mat {
namespace {

std::string decoded(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  return percent_decoded(text).value_or(text);
}

}  // namespace

HttpQuery::HttpQuery(std::string_view query) {
  if (query.empty()) return;
  for (const std::string& part : split(query, '&')) {
    const std::size_t sign = part.find('=');
    values_.emplace_back(decoded(part.substr(0, sign)),
                         sign == part.npos ? "" : decoded(part.substr(sign + 1)));
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
