#include "core/http/message.h"

#include <algorithm>

#include "core/base/json.h"
#include "core/base/text.h"

namespace mat {
namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
  const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return small(x) == small(y); });
}

}  // namespace

std::string_view header_of(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (equal_in_any_case(key, name)) return value;
  }
  return {};
}

std::string HttpRequest::content_type() const {
  const std::string_view whole = header("content-type");
  return lower(trim(whole.substr(0, whole.find(';'))));
}

HttpResponse http_error(int status, std::string_view message, HttpHeaders headers) {
  HttpResponse response;
  response.status = status;
  response.body = to_json_text({{"error", message}}) + "\n";
  response.headers = std::move(headers);
  return response;
}

const char* http_reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 303:
      return "See Other";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Entity";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (!high || !low) return std::nullopt;
      c = static_cast<char>(*high * 16 + *low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    plain += c;
  }
  return plain;
}

std::string take_authority(std::string& target) {
  constexpr std::string_view kScheme = "http://";
  if (!lower(target.substr(0, kScheme.size())).starts_with(kScheme)) return {};
  const std::size_t end = std::min(target.find_first_of("/?", kScheme.size()), target.size());
  std::string host = target.substr(kScheme.size(), end - kScheme.size());
  if (host.empty() || host.find('@') != host.npos) return {};
  target.erase(0, end);
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  return host;
}

bool split_target(std::string_view target, std::string& path, std::string& query) {
  if (target.empty() || target.front() != '/') return false;
  const std::size_t mark = target.find('?');
  const auto plain = percent_decoded(target.substr(0, mark));
  if (!plain) return false;
  for (const std::string& part : split(*plain, '/')) {
    if (part == "." || part == "..") return false;
  }
  path = *plain;
  query = mark == std::string_view::npos ? "" : std::string(target.substr(mark + 1));
  return true;
}

}  // namespace mat
