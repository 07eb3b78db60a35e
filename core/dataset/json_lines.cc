#include "core/dataset/json_lines.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/base/named_path.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kReadAtOnce = 256 << 10;

FileDescriptor open_regular_file(const std::filesystem::path& file) {
  FileDescriptor fd = open_named_file(file);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) {
    throw_io_error(fmt::format("cannot read '{}'", file.string()), errno);
  }
  if (!S_ISREG(info.st_mode)) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is no regular file", file.string()));
  }
  return fd;
}

}  // namespace

JsonLines::JsonLines(std::filesystem::path file, JsonLinesOptions options)
    : file_(std::move(file)), options_(options), fd_(open_regular_file(file_)) {
  fill();
  if (buffer_.starts_with("\xef\xbb\xbf")) begin_ = 3;
}

std::string JsonLines::place() const { return fmt::format("{}:{}", file_.string(), line_); }

void JsonLines::fail(const std::string& what) const {
  throw Error(ErrorKind::usage, fmt::format("{}: {}", place(), what));
}

// Puts more of the file behind what is there; false at its end.
bool JsonLines::fill() {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  const std::size_t size = buffer_.size();
  buffer_.resize(size + kReadAtOnce);
  ssize_t count = 0;
  do {
    count = ::read(fd_.get(), buffer_.data() + size, kReadAtOnce);
  } while (count < 0 && errno == EINTR);
  buffer_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0) throw_io_error(fmt::format("cannot read '{}'", file_.string()), errno);
  return count > 0;
}

// Of a line that is too long, nothing is kept.
bool JsonLines::read_line() {
  too_long_ = false;
  std::size_t searched = 0;
  for (;;) {
    const void* found =
        std::memchr(buffer_.data() + begin_ + searched, '\n', buffer_.size() - begin_ - searched);
    if (found != nullptr || buffer_.size() - begin_ > options_.max_line_bytes) {
      const std::size_t size = found == nullptr
                                   ? buffer_.size() - begin_
                                   : static_cast<const char*>(found) - (buffer_.data() + begin_);
      too_long_ = too_long_ || size > options_.max_line_bytes;
      text_ = too_long_ ? std::string_view() : std::string_view(buffer_).substr(begin_, size);
      begin_ += size + (found == nullptr ? 0 : 1);
      searched = 0;
      if (found != nullptr) break;
      continue;
    }
    searched = buffer_.size() - begin_;
    if (fill()) continue;
    if (searched == 0 && !too_long_) return false;
    text_ = too_long_ ? std::string_view() : std::string_view(buffer_).substr(begin_);
    begin_ = buffer_.size();
    break;
  }
  ++line_;
  return true;
}

// Copying and writing a value go as deep as it does, on the stack.
void JsonLines::check_depth() const {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    const char c = text_[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > options_.max_depth) fail("objects within objects without an end");
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

bool JsonLines::next_line(std::string_view& line) {
  do {
    if (!read_line()) return false;
    if (too_long_) {
      fail(fmt::format("a line of more than {}", format_bytes(options_.max_line_bytes)));
    }
  } while (trim(text_).empty());
  line = text_;
  return true;
}

bool JsonLines::next(Json& object) {
  std::string_view line;
  if (!next_line(line)) return false;
  check_depth();
  try {
    object = Json::parse(text_.begin(), text_.end());
  } catch (const Json::exception&) {
    fail(find_bad_utf8(text_) == std::string_view::npos ? "no JSON object"
                                                        : "bytes that are not UTF-8");
  }
  if (!object.is_object()) fail("no JSON object");
  return true;
}

}  // namespace mat
