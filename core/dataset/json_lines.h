#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/file.h"
#include "core/base/json.h"

namespace mat {

struct JsonLinesOptions {
  std::size_t max_line_bytes = 4 << 20;  // a longer line is a problem of its own, and passed over
  int max_depth = 64;                    // of objects and lists within each other
};

// A file with one JSON object in each line, read one at a time, so that its size does not matter.
// Empty lines and a byte order mark are passed over.
class JsonLines {
 public:
  // Throws not_found, a usage error for what is no regular file, and io errors.
  explicit JsonLines(std::filesystem::path file, JsonLinesOptions options = {});

  // The next object; false at the end. Throws a usage error "FILE:LINE: what" for a line that is
  // none, after which the lines behind it can still be read; and io errors.
  bool next(Json& object);

  // The same for who parses it: the next line as it is, to be used before the one behind it is
  // read. Only too long a line is an error.
  bool next_line(std::string_view& line);

  // Where the last object or line, or what was wrong, stands: FILE:LINE.
  std::string place() const;
  std::uint64_t line() const { return line_; }
  const std::filesystem::path& file() const { return file_; }

 private:
  bool read_line();
  bool fill();
  void check_depth() const;
  [[noreturn]] void fail(const std::string& what) const;

  std::filesystem::path file_;
  JsonLinesOptions options_;
  FileDescriptor fd_;
  std::string buffer_;  // bytes read, from begin_ on not yet used
  std::size_t begin_ = 0;
  std::string_view text_;  // of the line that is read, in buffer_
  bool too_long_ = false;
  std::uint64_t line_ = 0;
};

}  // namespace mat
