#include "core/storage/remote_address.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::string_view kForm = "write it as s3://BUCKET/FOLDER or obs://BUCKET/FOLDER";

void check_names(std::string_view text, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (name.empty()) {
      throw Error(ErrorKind::usage, fmt::format("'{}' has an empty name between slashes", text));
    }
    if (name == "." || name == "..") {
      throw Error(ErrorKind::usage, fmt::format("'{}' has '{}' as a name", text, name),
                  "object stores have no such folders: write the whole address");
    }
  }
}

}  // namespace

std::string RemoteAddress::text() const {
  return scheme + "://" + bucket + (key.empty() ? "" : "/" + key);
}

std::string RemoteAddress::last_name() const {
  return key.empty() ? bucket : key.substr(key.rfind('/') + 1);
}

RemoteAddress parse_remote_address(std::string_view text) {
  RemoteAddress address;
  const std::size_t colon = text.find("://");
  if (colon != std::string_view::npos) address.scheme = text.substr(0, colon);
  if (address.scheme != "s3" && address.scheme != "obs") {
    throw Error(ErrorKind::usage, fmt::format("'{}' is no address in an object store", text),
                std::string(kForm));
  }
  std::string_view rest = text.substr(colon + 3);
  // A bucket's name has neither; what has may hold a secret.
  if (rest.substr(0, rest.find('/')).find_first_of("@:") != std::string_view::npos) {
    throw Error(ErrorKind::usage,
                fmt::format("an {}:// address begins with a bucket's name, which has no '@' or ':'",
                            address.scheme),
                "credentials belong into rclone's configuration or the environment");
  }
  const auto is_control = [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control) || printable(text) != text) {
    throw Error(ErrorKind::usage, fmt::format("'{}' has control characters or is not UTF-8", text));
  }
  if (rest.ends_with('/')) {
    address.must_be_folder = true;
    rest.remove_suffix(1);
  }
  check_names(text, split(rest, '/'));
  address.bucket = rest.substr(0, rest.find('/'));
  if (address.bucket.size() < rest.size()) address.key = rest.substr(address.bucket.size() + 1);
  address.must_be_folder |= address.key.empty();
  return address;
}

}  // namespace mat
