#include "core/metrics/record_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.h"
#include "core/metrics/crc32c.h"

namespace mat {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

constexpr std::size_t kHeaderBytes = sizeof(std::uint64_t) + sizeof(std::uint32_t);
constexpr std::size_t kFooterBytes = sizeof(std::uint32_t);
constexpr std::size_t kMaxDataBytes = 1 << 20;
constexpr std::size_t kReadBytes = 256 << 10;

template <typename Number>
void append_number(std::string& buffer, Number number) {
  buffer.append(reinterpret_cast<const char*>(&number), sizeof number);
}

template <typename Number>
Number number_at(std::string_view bytes, std::size_t offset) {
  Number number;
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

}  // namespace

void append_record(std::string& buffer, std::string_view data) {
  const std::size_t start = buffer.size();
  append_number(buffer, static_cast<std::uint64_t>(data.size()));
  append_number(buffer, masked_crc32c(std::string_view(buffer).substr(start)));
  buffer += data;
  append_number(buffer, masked_crc32c(data));
}

std::size_t whole_records(std::string_view buffer, std::size_t bytes) {
  std::size_t whole = 0;
  while (whole < buffer.size()) {
    const std::size_t next =
        whole + kHeaderBytes + number_at<std::uint64_t>(buffer, whole) + kFooterBytes;
    if (next > bytes) break;
    whole = next;
  }
  return whole;
}

RecordReader::RecordReader(const std::filesystem::path& path, std::uint64_t offset)
    : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), valid_bytes_(offset) {
  if (!file_ || ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
    throw_io_error(fmt::format("cannot open '{}'", path.string()), errno);
  }
}

std::optional<std::string_view> RecordReader::next() {
  while (end_ == End::none) {
    if (!fill(kHeaderBytes)) {
      end_ = unread().empty() ? End::clean : End::torn;
      break;
    }
    const auto length = number_at<std::uint64_t>(unread(), 0);
    const auto length_crc = number_at<std::uint32_t>(unread(), sizeof length);
    if (masked_crc32c(unread().substr(0, sizeof length)) != length_crc) {
      end_ = End::damaged;
      break;
    }
    if (length > kMaxDataBytes) {
      if (!skip(length)) end_ = End::torn;
      continue;
    }
    const std::size_t record_bytes = kHeaderBytes + length + kFooterBytes;
    if (!fill(record_bytes)) {
      end_ = End::torn;
      break;
    }
    const std::string_view data = unread().substr(kHeaderBytes, length);
    if (masked_crc32c(data) != number_at<std::uint32_t>(unread(), kHeaderBytes + length)) {
      end_ = End::damaged;
      break;
    }
    begin_ += record_bytes;
    valid_bytes_ += record_bytes;
    return data;
  }
  return std::nullopt;
}

bool RecordReader::fill(std::size_t bytes) {
  if (unread().size() >= bytes) return true;
  buffer_.erase(0, begin_);
  begin_ = 0;
  while (buffer_.size() < bytes) {
    const std::size_t have = buffer_.size();
    buffer_.resize(have + kReadBytes);
    const ssize_t got = ::read(file_.get(), buffer_.data() + have, kReadBytes);
    const int error = errno;
    buffer_.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return false;
    if (got < 0 && error != EINTR) {
      throw_io_error(fmt::format("cannot read '{}'", path_.string()), error);
    }
  }
  return true;
}

bool RecordReader::skip(std::uint64_t length) {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0) {
    throw_io_error(fmt::format("cannot read '{}'", path_.string()), errno);
  }
  // Compared without a sum: a hostile length may be near the largest number.
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const std::uint64_t data_start = valid_bytes_ + kHeaderBytes;
  if (size < data_start + kFooterBytes || length > size - data_start - kFooterBytes) return false;
  valid_bytes_ += kHeaderBytes + length + kFooterBytes;
  buffer_.clear();
  begin_ = 0;
  if (::lseek(file_.get(), static_cast<off_t>(valid_bytes_), SEEK_SET) < 0) {
    throw_io_error(fmt::format("cannot read '{}'", path_.string()), errno);
  }
  return true;
}

}  // namespace mat
