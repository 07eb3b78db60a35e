#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tests/temp_folder.h"

namespace mat {

// Where many small files are made quickly.
inline std::filesystem::path memory_folder() {
  const bool has_memory = ::access("/dev/shm", W_OK | X_OK) == 0;
  return has_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
}

// Makes the folders too.
inline void put_file(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

// A 24-bit BMP whose pixels are told by `color(x, y)`, which returns 0xRRGGBB.
template <typename Color>
std::string bmp_bytes(int width, int height, const Color& color) {
  const std::size_t row = (static_cast<std::size_t>(width) * 3 + 3) / 4 * 4;
  std::string bytes(54 + row * height, '\0');
  const auto put = [&](std::size_t at, std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
  };
  bytes[0] = 'B';
  bytes[1] = 'M';
  put(2, static_cast<std::uint32_t>(bytes.size()), 4);
  put(10, 54, 4);
  put(14, 40, 4);
  put(18, width, 4);
  put(22, height, 4);
  put(26, 1, 2);
  put(28, 24, 2);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) put(54 + row * (height - 1 - y) + x * 3, color(x, y), 3);
  }
  return bytes;
}

inline std::string bmp_of_color(int width, int height, std::uint32_t color) {
  return bmp_bytes(width, height, [&](int, int) { return color; });
}

// Returns once the file system's clock has moved on so far that files written before are known to
// be older than anything written from now on.
inline void pass_file_clock(const std::filesystem::path& folder) {
  const std::filesystem::path probe = folder / ".clock";
  const auto touch = [&] {
    put_file(probe, "x");
    struct stat info {};
    if (::stat(probe.c_str(), &info) != 0) throw std::runtime_error(std::strerror(errno));
    return info.st_ctim.tv_sec * 1'000'000'000LL + info.st_ctim.tv_nsec;
  };
  const auto start = touch();
  while (touch() - start < 50'000'000) {
  }
  std::filesystem::remove(probe);
}

}  // namespace mat
