#include "core/base/json.h"

#include <fmt/core.h>

#include "core/base/error.h"

namespace mat {

std::string to_json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json parse_json(std::string_view text, std::string_view what) {
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("{} is not valid JSON: {}", what, e.what()));
  }
}

}  // namespace mat
