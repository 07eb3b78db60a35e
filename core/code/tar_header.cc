#include "core/code/tar_header.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace mat {
namespace {

template <std::size_t Size>
void put_number(std::array<char, Size>& field, std::uint64_t number) {
  constexpr std::uint64_t kLargestOctal = (1ULL << (3 * (Size - 1))) - 1;
  if (number <= kLargestOctal) {
    fmt::format_to_n(field.data(), Size - 1, "{:0{}o}", number, Size - 1);
    return;
  }
  // GNU's way for what octal digits cannot say.
  field[0] = static_cast<char>(0x80);
  for (std::size_t i = Size - 1; i > 0; --i, number >>= 8) field[i] = static_cast<char>(number);
}

template <std::size_t Size>
std::uint64_t number_in(const std::array<char, Size>& field) {
  std::uint64_t number = 0;
  if ((field[0] & 0x80) != 0) {
    for (std::size_t i = 1; i < Size; ++i)
      number = number << 8 | static_cast<std::uint8_t>(field[i]);
    return number;
  }
  for (const char c : field) {
    if (c >= '0' && c <= '7') number = number * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

std::uint64_t checksum_of(TarHeader header) {
  header.checksum.fill(' ');
  std::uint64_t sum = 0;
  for (const std::uint8_t byte :
       std::span(reinterpret_cast<const std::uint8_t*>(&header), kTarBlock)) {
    sum += byte;
  }
  return sum;
}

}  // namespace

TarHeader make_tar_header(std::string_view name, std::uint64_t size, TarType type,
                          std::string_view target, bool is_executable) {
  TarHeader header{};
  std::copy_n(name.begin(), std::min(name.size(), header.name.size()), header.name.begin());
  std::copy_n(target.begin(), std::min(target.size(), header.target.size()), header.target.begin());
  put_number(header.mode, is_executable ? 0755 : 0644);
  put_number(header.uid, 0);
  put_number(header.gid, 0);
  put_number(header.size, size);
  put_number(header.time, 0);
  header.type = static_cast<char>(type);
  std::copy_n("ustar  ", header.magic.size(), header.magic.begin());
  fmt::format_to_n(header.checksum.data(), header.checksum.size(), "{:06o}", checksum_of(header));
  return header;
}

bool has_right_checksum(const TarHeader& header) {
  return number_in(header.checksum) == checksum_of(header);
}

std::uint64_t size_in(const TarHeader& header) { return number_in(header.size); }

bool is_executable_in(const TarHeader& header) { return (number_in(header.mode) & S_IXUSR) != 0; }

std::string text_in(const std::array<char, 100>& field) {
  return std::string(field.data(), ::strnlen(field.data(), field.size()));
}

}  // namespace mat
