#include "core/http/multipart.h"

#include <fmt/core.h>

#include "core/base/text.h"
#include "core/http/failure.h"

namespace mat {
namespace {

constexpr std::size_t kLongestBoundary = 70;  // RFC 2046
constexpr std::size_t kMostHeaderBytes = 8 << 10;

// The value of `; NAME=value` or `; NAME="value"`; empty when it is not there.
std::string parameter(std::string_view header, std::string_view name) {
  std::size_t at = header.find(';');
  while (at < header.size()) {
    std::string_view rest = trim(header.substr(at + 1));
    const std::size_t sign = rest.find('=');
    if (sign == rest.npos) return {};
    const bool is_it = lower(trim(rest.substr(0, sign))) == name;
    rest = trim(rest.substr(sign + 1));
    std::string value;
    std::size_t end = 0;
    if (rest.starts_with('"')) {
      for (end = 1; end < rest.size() && rest[end] != '"'; ++end) {
        if (rest[end] == '\\' && end + 1 < rest.size()) ++end;
        value += rest[end];
      }
      end = rest.find(';', end);
    } else {
      end = rest.find(';');
      value = trim(rest.substr(0, end));
    }
    if (is_it) return value;
    if (end == rest.npos) return {};
    at = static_cast<std::size_t>(rest.data() - header.data()) + end;
  }
  return {};
}

[[noreturn]] void refuse(const char* what) {
  throw HttpFailure(400, fmt::format("not a whole form: {}", what));
}

FormPart read_part(std::string_view text) {
  FormPart part;
  std::size_t end = text.starts_with("\r\n") ? 0 : text.find("\r\n\r\n");
  if (end == text.npos || end > kMostHeaderBytes) refuse("a part without an end of its headers");
  const std::string_view headers = text.substr(0, end);
  part.bytes = text.substr(end + (end == 0 ? 2 : 4));
  for (const std::string& line : split(headers, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    const std::string name = lower(trim(std::string_view(line).substr(0, colon)));
    const std::string_view value = trim(std::string_view(line).substr(colon + 1));
    if (name == "content-disposition") {
      part.name = parameter(value, "name");
      part.file_name = parameter(value, "filename");
    } else if (name == "content-type") {
      part.content_type = lower(trim(value.substr(0, value.find(';'))));
    }
  }
  return part;
}

}  // namespace

std::string multipart_boundary(std::string_view content_type) {
  std::string boundary = parameter(content_type, "boundary");
  return boundary.size() <= kLongestBoundary ? boundary : std::string();
}

std::vector<FormPart> parse_multipart(std::string_view body, std::string_view boundary,
                                      std::size_t most) {
  const std::string dashes = fmt::format("--{}", boundary);
  const std::string between = "\r\n" + dashes;
  std::vector<FormPart> parts;
  std::size_t at = body.starts_with(dashes) ? 0 : body.find(between);
  if (boundary.empty() || at == body.npos) refuse("its boundary is not in it");
  at += at == 0 ? dashes.size() : between.size();
  while (!body.substr(at).starts_with("--")) {
    // Blanks may stand behind a boundary.
    while (at < body.size() && (body[at] == ' ' || body[at] == '\t')) ++at;
    if (!body.substr(at).starts_with("\r\n")) refuse("no line ends behind its boundary");
    at += 2;
    // An empty part has no line break of its own before the next boundary.
    const std::size_t end = body.find(between, at > 1 ? at - 2 : at);
    if (end == body.npos) refuse("it ends within a part");
    if (parts.size() == most) {
      throw HttpFailure(400, fmt::format("more than {} parts in a form", most));
    }
    if (end < at) refuse("a part without an end of its headers");
    parts.push_back(read_part(body.substr(at, end - at)));
    at = end + between.size();
  }
  return parts;
}

}  // namespace mat
