#include "core/code/code_archive.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/error.h"
#include "core/code/tar_header.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = 256 << 10;

[[noreturn]] void fail(const char* what, const fs::path& path) {
  throw_io_error(fmt::format("{} '{}'", what, path.string()), errno);
}

}  // namespace

CodeArchiveWriter::CodeArchiveWriter(const fs::path& archive, std::uint64_t expected_bytes)
    : path_(archive),
      file_(::open(archive.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666)),
      buffer_(kBufferBytes) {
  if (!file_) fail("cannot write", path_);
  const auto size = static_cast<off_t>(expected_bytes);
  // Not every file system can.
  if (size > 0 && ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, 0, size) != 0 && errno == ENOSPC) {
    fail("cannot write", path_);
  }
}

void CodeArchiveWriter::flush() {
  write_all(file_.get(), {buffer_.data(), used_}, path_);
  written_ += used_;
  used_ = 0;
}

void CodeArchiveWriter::put(const void* bytes, std::size_t size) {
  const char* from = static_cast<const char*>(bytes);
  while (size > 0) {
    if (used_ == buffer_.size()) flush();
    const std::size_t count = std::min(size, buffer_.size() - used_);
    std::copy_n(from, count, buffer_.data() + used_);
    used_ += count;
    from += count;
    size -= count;
  }
}

void CodeArchiveWriter::pad() {
  constexpr std::array<char, kTarBlock> kZeros{};
  put(kZeros.data(), tar_padding(written_ + used_));
}

void CodeArchiveWriter::put_header(const std::string& path, std::uint64_t size, TarType type,
                                   const std::string& target, bool is_executable) {
  const auto put_long = [&](TarType long_type, const std::string& text) {
    const TarHeader header =
        make_tar_header("././@LongLink", text.size() + 1, long_type, {}, false);
    put(&header, sizeof header);
    put(text.c_str(), text.size() + 1);
    pad();
  };
  if (target.size() > sizeof TarHeader::target) put_long(TarType::long_target, target);
  if (path.size() > sizeof TarHeader::name) put_long(TarType::long_name, path);
  const TarHeader header = make_tar_header(path, size, type, target, is_executable);
  put(&header, sizeof header);
}

std::uint64_t CodeArchiveWriter::add_file(const std::string& path, const fs::path& from,
                                          std::uint64_t bytes, bool is_executable) {
  const FileDescriptor in(::open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!in) fail("cannot read", from);
  hash_.add_text(path);
  hash_.add_text(is_executable ? "x" : "f");
  put_header(path, bytes, TarType::file, {}, is_executable);
  const std::uint64_t header_at = written_ + used_ - sizeof(TarHeader);
  const std::uint64_t size = stream(in.get(), from, bytes);
  hash_.add_size(size);
  if (size < bytes) {
    // It has shrunk since it was listed.
    flush();
    const TarHeader header = make_tar_header(path, size, TarType::file, {}, is_executable);
    if (::pwrite(file_.get(), &header, sizeof header, static_cast<off_t>(header_at)) !=
        static_cast<ssize_t>(sizeof header)) {
      fail("cannot write", path_);
    }
  }
  pad();
  return size;
}

std::uint64_t CodeArchiveWriter::stream(int from, const fs::path& name, std::uint64_t bytes) {
  std::uint64_t left = bytes;
  while (left > 0) {
    if (used_ == buffer_.size()) flush();
    const std::size_t room = buffer_.size() - used_;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, room));
    const std::size_t count = read_some(from, buffer_.data() + used_, wanted, name);
    if (count == 0) break;
    hash_.add(buffer_.data() + used_, count);
    used_ += count;
    left -= count;
  }
  return bytes - left;
}

void CodeArchiveWriter::add_link(const std::string& path, const std::string& target) {
  hash_.add_text(path);
  hash_.add_text("l");
  hash_.add_text(target);
  put_header(path, 0, TarType::link, target, false);
}

std::string CodeArchiveWriter::finish() {
  constexpr std::array<char, 2 * kTarBlock> kEnd{};
  put(kEnd.data(), kEnd.size());
  flush();
  return hash_.hex();
}

}  // namespace mat
