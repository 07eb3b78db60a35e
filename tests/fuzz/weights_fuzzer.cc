// Any bytes as a file of weights: an io error, or tensors that fill what follows the header.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/base/error.h"
#include "core/training/weights_header.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const mat::WeightsHeader& header, std::uint64_t data_bytes) {
  std::uint64_t at = 0;
  for (const mat::TensorPlace& place : header.tensors) {
    std::uint64_t bytes = mat::bytes_of_type(place.type).value();
    for (const std::int64_t size : place.shape) bytes *= static_cast<std::uint64_t>(size);
    require(place.begin == at && place.end == at + bytes);
    at = place.end;
  }
  require(at == data_bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t length = 0;
  try {
    // A file is looked at before its first bytes are.
    if (size >= sizeof length) std::memcpy(&length, data, sizeof length);
    mat::check_weights_header_length(length, size, "fuzz");
    const std::string_view text(reinterpret_cast<const char*>(data) + sizeof length, length);
    const std::uint64_t data_bytes = size - sizeof length - length;
    check(mat::parse_weights_header(text, data_bytes, "fuzz"), data_bytes);
  } catch (const mat::Error& e) {
    require(e.kind() == mat::ErrorKind::io || e.kind() == mat::ErrorKind::usage);
  }
  return 0;
}
