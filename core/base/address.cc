#include "core/base/address.h"

namespace mat {
namespace {

constexpr std::string_view kDataset = "dataset://";

}  // namespace

bool is_remote_address(std::string_view text) {
  for (const std::string_view scheme : {"s3://", "obs://"}) {
    if (text.starts_with(scheme)) return text.size() > scheme.size() && text[scheme.size()] != '/';
  }
  return false;
}

std::string bucket_of_address(std::string_view address) {
  return std::string(address.substr(0, address.find('/', address.find("://") + 3))) + "/";
}

std::string dataset_address(std::string_view reference) {
  return std::string(kDataset) + std::string(reference);
}

std::optional<std::string> dataset_of_address(std::string_view text) {
  if (!text.starts_with(kDataset)) return std::nullopt;
  return std::string(text.substr(kDataset.size()));
}

}  // namespace mat
