#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mat {

// True for an address in an object store, "s3://bucket/folder" or "obs://bucket/folder"; false for
// paths and for addresses of other kinds.
bool is_remote_address(std::string_view text);

// "s3://bucket/" of such an address.
std::string bucket_of_address(std::string_view address);

// "dataset://clothes@V002": what a setting has where a spec says {dataset: clothes@V002}.
std::string dataset_address(std::string_view reference);

// "clothes@V002" of such an address; nothing for anything else.
std::optional<std::string> dataset_of_address(std::string_view text);

}  // namespace mat
