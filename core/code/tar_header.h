#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mat {

// The block before each entry of a tar file, in GNU's layout.

constexpr std::size_t kTarBlock = 512;

// A name or target that is too long for its field comes as the content of an entry before.
enum class TarType : char { file = '0', link = '2', long_target = 'K', long_name = 'L' };

struct TarHeader {
  std::array<char, 100> name;
  std::array<char, 8> mode, uid, gid;
  std::array<char, 12> size, time;
  std::array<char, 8> checksum;
  char type;
  std::array<char, 100> target;
  std::array<char, 8> magic;
  std::array<char, 247> rest;
};
static_assert(sizeof(TarHeader) == kTarBlock);

TarHeader make_tar_header(std::string_view name, std::uint64_t size, TarType type,
                          std::string_view target, bool is_executable);

bool has_right_checksum(const TarHeader& header);
std::uint64_t size_in(const TarHeader& header);
bool is_executable_in(const TarHeader& header);
std::string text_in(const std::array<char, 100>& field);

// Bytes between the content and the next block.
constexpr std::size_t tar_padding(std::uint64_t size) {
  return static_cast<std::size_t>((kTarBlock - size % kTarBlock) % kTarBlock);
}

}  // namespace mat
