#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.h"

// The header of a safetensors file: what can be known of weights without LibTorch. A file is the
// header's length in 8 little-endian bytes, the header in JSON, and the tensors' bytes.

namespace mat {

// A tensor as the header describes it.
struct TensorPlace {
  std::string key;
  std::string type;  // one that bytes_of_type() knows
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // from the end of the header
  std::uint64_t end = 0;
};

struct WeightsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<TensorPlace> tensors;  // from front to end: they fill the file without gaps
};

constexpr const char* kWeightsMetadataKey = "__metadata__";

// Of one element: 4 for "F32". Nothing for a type that is not known.
std::optional<std::uint64_t> bytes_of_type(std::string_view type);

// Throws the io error of a file that is not usable as weights.
[[noreturn]] void throw_unusable_weights(const std::string& file, const std::string& why);

// What is read first: how long the header claims to be, in a file of `file_bytes` of which those 8
// are the first. Throws an io error when that cannot be, and a usage error for a zip archive, which
// is what PyTorch writes.
void check_weights_header_length(std::uint64_t length, std::uint64_t file_bytes,
                                 const std::string& file);

// Believes nothing: lengths, bounds, gaps and overlaps, types and duplicates are checked, and an io
// error that names the file says what is wrong. `data_bytes` follow the header in the file.
WeightsHeader parse_weights_header(std::string_view text, std::uint64_t data_bytes,
                                   const std::string& file);

// A weights file whose header has been read; what is read from `file` next are the tensors' bytes.
struct OpenWeights {
  FileDescriptor file;
  WeightsHeader header;
};

// Throws io errors, not_found when there is no such file, a usage error for a zip archive.
OpenWeights open_weights(const std::filesystem::path& path);

}  // namespace mat
