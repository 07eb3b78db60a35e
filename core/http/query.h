#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mat {

// The values behind the '?' of an address: "ref=a%401&ref=b". One that cannot be decoded stays as
// it is.
class HttpQuery {
 public:
  explicit HttpQuery(std::string_view query);

  // The first of that name; empty without one.
  std::string get(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  // Throws a usage error for what is no whole number.
  std::int64_t integer(std::string_view name, std::int64_t without) const;
  // Throws a usage error for what is no number; nothing without one.
  std::optional<double> number(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

// "a%40b": a name as a part of a path or query.
std::string percent_encoded(std::string_view text);

}  // namespace mat
