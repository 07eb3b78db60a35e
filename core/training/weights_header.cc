#include "core/training/weights_header.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/named_path.h"

namespace mat {
namespace {

// Far more than any network needs; parsing takes several times as much memory.
constexpr std::uint64_t kMaxHeaderBytes = 16 << 20;
// "PK\3\4", with which zip archives begin, as the low half of a header's length.
constexpr std::uint64_t kZipMark = 0x04034b50;
constexpr auto kMaxBytes = static_cast<std::uint64_t>(INT64_MAX);

class HeaderParser {
 public:
  HeaderParser(std::uint64_t data_bytes, const std::string& file)
      : data_bytes_(data_bytes), file_(file) {}

  WeightsHeader parse(std::string_view text) const {
    if (text.empty() || text.front() != '{') fail("its header is not a JSON object");
    const Json json = parse_json_once(text);
    WeightsHeader header;
    for (const auto& [key, value] : json.items()) {
      if (key == kWeightsMetadataKey) {
        header.metadata = metadata_of(value);
      } else {
        header.tensors.push_back(place_of(key, value));
      }
    }
    check_places(header.tensors);
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const { throw_unusable_weights(file_, why); }

  // JSON libraries keep one of two equal keys silently; here that would hide a tensor.
  Json parse_json_once(std::string_view text) const {
    std::vector<std::set<std::string>> keys;
    const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
      if (depth > 3) fail("its header is nested too deeply");
      if (event == Json::parse_event_t::object_start) keys.emplace_back();
      if (event == Json::parse_event_t::object_end) keys.pop_back();
      if (event == Json::parse_event_t::key &&
          !keys.back().insert(value.get_ref<const std::string&>()).second) {
        fail(fmt::format("its header has '{}' twice", value.get_ref<const std::string&>()));
      }
      return true;
    };
    try {
      return Json::parse(text, check);
    } catch (const Json::exception&) {
      fail("its header is not valid JSON");
    }
  }

  std::map<std::string, std::string> metadata_of(const Json& value) const {
    std::map<std::string, std::string> metadata;
    if (!value.is_object()) fail("its metadata is not an object");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) fail(fmt::format("its metadata '{}' is not text", key));
      metadata.emplace(key, text.get<std::string>());
    }
    return metadata;
  }

  TensorPlace place_of(const std::string& key, const Json& value) const {
    const auto wrong = [&](std::string_view what) {
      fail(fmt::format("the tensor '{}' has {}", key, what));
    };
    if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() ||
        !value.contains("shape") || !value["shape"].is_array() || !value.contains("data_offsets") ||
        !value["data_offsets"].is_array() || value["data_offsets"].size() != 2) {
      wrong("no proper dtype, shape and data_offsets");
    }
    TensorPlace place;
    place.key = key;
    place.type = value["dtype"].get<std::string>();
    const auto element_bytes = bytes_of_type(place.type);
    if (!element_bytes) wrong("the type '" + place.type + "', which is not known");

    std::uint64_t bytes = *element_bytes;
    for (const auto& dimension : value["shape"]) {
      if (!dimension.is_number_unsigned()) wrong("a size that is not a whole number");
      const auto size = dimension.get<std::uint64_t>();
      if (size > kMaxBytes || __builtin_mul_overflow(bytes, size, &bytes) || bytes > kMaxBytes) {
        wrong("an impossible shape");
      }
      place.shape.push_back(static_cast<std::int64_t>(size));
    }
    const auto& offsets = value["data_offsets"];
    if (!offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned()) {
      wrong("offsets that are not whole numbers");
    }
    place.begin = offsets[0].get<std::uint64_t>();
    place.end = offsets[1].get<std::uint64_t>();
    if (place.begin > place.end || place.end > data_bytes_) wrong("offsets outside the file");
    if (place.end - place.begin != bytes) wrong("a shape that does not fit its offsets");
    return place;
  }

  // As the format demands: the tensors fill the file without overlaps and gaps.
  void check_places(std::vector<TensorPlace>& places) const {
    std::sort(places.begin(), places.end(), [](const TensorPlace& a, const TensorPlace& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t at = 0;
    for (const auto& place : places) {
      if (place.begin < at) fail(fmt::format("the tensor '{}' overlaps another", place.key));
      if (place.begin > at) fail(fmt::format("there is a gap before '{}'", place.key));
      at = place.end;
    }
    if (at != data_bytes_) fail("there are bytes after the last tensor");
  }

  std::uint64_t data_bytes_;
  const std::string& file_;
};

}  // namespace

std::optional<std::uint64_t> bytes_of_type(std::string_view type) {
  static constexpr std::pair<std::string_view, std::uint64_t> kTypes[] = {
      {"F64", 8},  {"I64", 8}, {"F32", 4}, {"I32", 4}, {"F16", 2},
      {"BF16", 2}, {"I16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1}};
  for (const auto& [name, bytes] : kTypes) {
    if (type == name) return bytes;
  }
  return std::nullopt;
}

void throw_unusable_weights(const std::string& file, const std::string& why) {
  throw Error(ErrorKind::io, fmt::format("'{}' is not a usable weights file: {}", file, why));
}

void check_weights_header_length(std::uint64_t length, std::uint64_t file_bytes,
                                 const std::string& file) {
  if (file_bytes < sizeof length) throw_unusable_weights(file, "it is too short for a header");
  if ((length & UINT32_MAX) == kZipMark && length > kMaxHeaderBytes) {
    throw Error(
        ErrorKind::usage,
        fmt::format("'{}' is a zip archive, as of TorchScript or PyTorch, and no safetensors "
                    "file",
                    file),
        "of a model of mat's: mat model export MODEL --format safetensors\n"
        "of others, in Python: safetensors.torch.save_file(model.state_dict(), FILE)");
  }
  if (length > kMaxHeaderBytes) {
    throw_unusable_weights(file, fmt::format("its header claims {} bytes", length));
  }
  if (length > file_bytes - sizeof length) {
    throw_unusable_weights(file, "its header is longer than the file");
  }
}

WeightsHeader parse_weights_header(std::string_view text, std::uint64_t data_bytes,
                                   const std::string& file) {
  return HeaderParser(data_bytes, file).parse(text);
}

OpenWeights open_weights(const std::filesystem::path& path) {
  const std::string name = path.string();
  FileDescriptor file = open_named_file(path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) {
    throw_io_error(fmt::format("cannot read '{}'", name), errno);
  }
  if (!S_ISREG(info.st_mode)) throw_unusable_weights(name, "it is not a regular file");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const auto read = [&](char* to, std::size_t bytes) {
    while (bytes > 0) {
      const std::size_t count = read_some(file.get(), to, bytes, path);
      if (count == 0) throw_unusable_weights(name, "it became shorter while it was read");
      to += count;
      bytes -= count;
    }
  };
  std::uint64_t length = 0;
  if (size >= sizeof length) read(reinterpret_cast<char*>(&length), sizeof length);
  check_weights_header_length(length, size, name);
  std::string text(length, '\0');
  read(text.data(), length);
  WeightsHeader header = parse_weights_header(text, size - sizeof length - length, name);
  return {std::move(file), std::move(header)};
}

}  // namespace mat
