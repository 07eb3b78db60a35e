#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/file.h"

namespace mat {

// The container of TensorBoard's event files: records of length (8 bytes), masked CRC-32C of the
// length, data, masked CRC-32C of the data, all little-endian.

void append_record(std::string& buffer, std::string_view data);

// The bytes of the whole records that the first `bytes` of `buffer` hold, `buffer` being records.
std::size_t whole_records(std::string_view buffer, std::size_t bytes);

// Reads records one after another with a buffer of bounded size, whatever the file says.
class RecordReader {
 public:
  // Why there is no further record.
  enum class End { none, clean, torn, damaged };

  // Begins at `offset`, where an earlier reader's valid_bytes() ended. Throws io errors. The file
  // may grow meanwhile.
  explicit RecordReader(const std::filesystem::path& path, std::uint64_t offset = 0);

  // The next record's data, valid until the next call; nothing at the end of what can be read. A
  // record that is too long to be a scalar (a picture, a graph) is skipped unread and unchecked.
  std::optional<std::string_view> next();

  End end() const { return end_; }
  // Where the last whole record ends, from the file's beginning on.
  std::uint64_t valid_bytes() const { return valid_bytes_; }

 private:
  // Makes the next `bytes` of the file available at the start of what is unread.
  bool fill(std::size_t bytes);
  bool skip(std::uint64_t bytes);
  std::string_view unread() const { return std::string_view(buffer_).substr(begin_); }

  std::filesystem::path path_;
  FileDescriptor file_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::uint64_t valid_bytes_ = 0;
  End end_ = End::none;
};

}  // namespace mat
