#pragma once

#include <string_view>

namespace mat {

// True for an address in an object store, "s3://bucket/folder" or "obs://bucket/folder"; false for
// paths and for addresses of other kinds.
bool is_remote_address(std::string_view text);

}  // namespace mat
