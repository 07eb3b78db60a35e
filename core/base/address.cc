#include "core/base/address.h"

namespace mat {

bool is_remote_address(std::string_view text) {
  for (const std::string_view scheme : {"s3://", "obs://"}) {
    if (text.starts_with(scheme)) return text.size() > scheme.size() && text[scheme.size()] != '/';
  }
  return false;
}

}  // namespace mat
