#include "core/code/unpack_code.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/code/code_hash.h"
#include "core/code/tar_header.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = 256 << 10;
constexpr std::size_t kLongestText = 1 << 16;

[[noreturn]] void fail(const char* what, const fs::path& path) {
  throw_io_error(fmt::format("{} '{}'", what, path.string()), errno);
}

class Unpacker {
 public:
  Unpacker(const fs::path& archive, fs::path to)
      : archive_(archive),
        file_(::open(archive.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)),
        to_(std::move(to)),
        buffer_(kBufferBytes) {
    if (!file_) fail("cannot read", archive_);
  }

  std::string unpack() {
    make_folders(to_);
    TarHeader header;
    while (read_header(header)) {
      const std::uint64_t size = size_in(header);
      switch (static_cast<TarType>(header.type)) {
        case TarType::long_name:
          long_name_ = read_text(size);
          break;
        case TarType::long_target:
          long_target_ = read_text(size);
          break;
        case TarType::file:
          put_file(take_name(header.name, long_name_), size, is_executable_in(header));
          break;
        case TarType::link:
          put_link(take_name(header.name, long_name_), take_name(header.target, long_target_));
          break;
        default:
          refuse();
      }
    }
    return hash_.hex();
  }

 private:
  [[noreturn]] void refuse() const {
    throw Error(ErrorKind::io, fmt::format("'{}' is damaged", archive_.string()));
  }

  void fill() {
    at_ = 0;
    filled_ = read_some(file_.get(), buffer_.data(), buffer_.size(), archive_);
    if (filled_ == 0) refuse();
  }

  void read_exactly(char* to, std::size_t size) {
    while (size > 0) {
      if (at_ == filled_) fill();
      const std::size_t count = std::min(size, filled_ - at_);
      std::copy_n(buffer_.data() + at_, count, to);
      at_ += count;
      to += count;
      size -= count;
    }
  }

  // False at the end of the archive.
  bool read_header(TarHeader& header) {
    read_exactly(reinterpret_cast<char*>(&header), sizeof header);
    if (header.type == '\0' && header.name[0] == '\0') return false;
    if (!has_right_checksum(header)) refuse();
    return true;
  }

  std::string read_text(std::uint64_t size) {
    if (size == 0 || size > kLongestText) refuse();
    std::string text(size, '\0');
    read_exactly(text.data(), size);
    skip_padding(size);
    text.pop_back();
    return text;
  }

  void skip_padding(std::uint64_t size) {
    std::array<char, kTarBlock> padding;
    read_exactly(padding.data(), tar_padding(size));
  }

  static std::string take_name(const std::array<char, 100>& field, std::string& long_text) {
    return long_text.empty() ? text_in(field) : std::exchange(long_text, {});
  }

  fs::path place_for(const std::string& name) {
    const fs::path path(name);
    const bool leads_out = std::find(path.begin(), path.end(), "..") != path.end();
    if (name.empty() || path.is_absolute() || leads_out) refuse();
    fs::path place = to_ / path;
    // They come in order: those of one folder one after the other.
    if (place.parent_path() != last_folder_) {
      last_folder_ = place.parent_path();
      make_folders(last_folder_);
    }
    return place;
  }

  void put_file(const std::string& name, std::uint64_t size, bool is_executable) {
    const fs::path place = place_for(name);
    hash_.add_text(name);
    hash_.add_text(is_executable ? "x" : "f");
    const FileDescriptor out(::open(place.c_str(),
                                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                    is_executable ? 0777 : 0666));
    if (!out) fail("cannot write", place);
    for (std::uint64_t left = size; left > 0;) {
      if (at_ == filled_) fill();
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, filled_ - at_));
      hash_.add(buffer_.data() + at_, count);
      write_all(out.get(), {buffer_.data() + at_, count}, place);
      at_ += count;
      left -= count;
    }
    hash_.add_size(size);
    skip_padding(size);
  }

  void put_link(const std::string& name, const std::string& target) {
    const fs::path place = place_for(name);
    hash_.add_text(name);
    hash_.add_text("l");
    hash_.add_text(target);
    if (::symlink(target.c_str(), place.c_str()) != 0) fail("cannot write", place);
  }

  const fs::path archive_;
  const FileDescriptor file_;
  const fs::path to_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, filled_ = 0;
  std::string long_name_, long_target_;
  fs::path last_folder_;
  CodeHash hash_;
};

}  // namespace

void unpack_code(const fs::path& archive, const fs::path& to, const std::string& hash) {
  const fs::path partial = to.string() + ".part";
  std::error_code ignored;
  // Of a process that was killed while it unpacked.
  fs::remove_all(partial, ignored);
  try {
    if (Unpacker(archive, partial).unpack() != hash) {
      throw Error(ErrorKind::io,
                  fmt::format("'{}' is not the code that was recorded", archive.string()));
    }
    sync_tree(partial);
    if (::rename(partial.c_str(), to.c_str()) != 0) fail("cannot make the folder", to);
    sync_folder(to.parent_path());
  } catch (...) {
    fs::remove_all(partial, ignored);
    throw;
  }
}

}  // namespace mat
