#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/file.h"

namespace mat {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// The value of the first header of that name, in any case; empty when there is none.
std::string_view header_of(const HttpHeaders& headers, std::string_view name);

struct HttpRequest {
  std::string method;   // "GET"
  std::string target;   // as it came
  std::string path;     // decoded, begins with '/'; no part of it is "." or ".."
  std::string query;    // as it came, without '?'
  std::string address;  // of whoever asks: "127.0.0.1"
  HttpHeaders headers;
  std::string body;

  std::string_view header(std::string_view name) const { return header_of(headers, name); }
  // "image/jpeg" of "Image/JPEG; quality=1"; empty without one.
  std::string content_type() const;
};

// A body that is read while it is sent: its size costs no memory. What is added to the file after
// `bytes` does not count; when it has become shorter, the connection is closed in the middle.
struct HttpFile {
  FileDescriptor file;
  std::uint64_t bytes = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::shared_ptr<const HttpFile> file = nullptr;  // in place of `body`
  HttpHeaders headers;                             // besides those of length, type and connection
};

// {"error": MESSAGE}
HttpResponse http_error(int status, std::string_view message, HttpHeaders headers = {});

// "Not Found"
const char* http_reason(int status);

// What "%40" and the like in an address stand for; nothing for a bad one, or a control byte.
std::optional<std::string> percent_decoded(std::string_view text);

// Takes scheme and host off a target that names the server, as a proxy's do, and gives the host,
// which counts instead of the Host header (RFC 9112, 3.2.2); empty for any other target.
std::string take_authority(std::string& target);

// Takes a request's target apart: false when it is no absolute path, has a bad %XX, a control byte,
// or leads out of where it begins.
bool split_target(std::string_view target, std::string& path, std::string& query);

}  // namespace mat
