#include "core/base/json.h"

#include <fmt/core.h>

#include <cmath>
#include <limits>

#include "core/base/error.h"

namespace mat {

std::string to_json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json number_to_json(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double number_from_json(const Json& value, std::string_view what) {
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  throw Error(ErrorKind::io, fmt::format("{}: {} is no number", what, to_json_text(value)));
}

Json parse_json(std::string_view text, std::string_view what) {
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("{} is not valid JSON: {}", what, e.what()));
  }
}

}  // namespace mat
