#pragma once

#include <string>
#include <string_view>

namespace mat {

// The parts of "s3://bucket/folder/object" or "obs://…".
struct RemoteAddress {
  std::string scheme;  // "s3" or "obs"
  std::string bucket;
  std::string key;              // without a slash at either end; empty is the whole bucket
  bool must_be_folder = false;  // the address ended in a slash, or named a bucket alone

  std::string text() const;       // the address, without a slash at its end
  std::string last_name() const;  // of the key; the bucket's when there is no key
};

// Throws a usage error for what is no such address, and for addresses whose names could be taken
// for something else: empty ones ("//"), "." and "..", control characters, invalid UTF-8. An
// address that carries credentials ("s3://KEY:SECRET@bucket") is refused without being repeated.
RemoteAddress parse_remote_address(std::string_view text);

}  // namespace mat
