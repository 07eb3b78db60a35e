#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mat {

// Larger files are no pictures that anybody trains with.
constexpr std::uint64_t kMaxPictureFileBytes = 512ULL << 20;

// What changes when a file's bytes do. ctime tells of changes that restore size and mtime.
struct FileIdentity {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  std::uint64_t inode = 0;

  bool operator==(const FileIdentity&) const = default;
};

struct PictureFile {
  FileIdentity identity;
  // Why there are no bytes, for a log: "no such file", "a pipe, not a file". Or empty.
  std::string problem;
  // A later change is sure to give another identity: the file is older than its file system's clock
  // is coarse, and did not change while it was read.
  bool settled = false;
};

// Looks, and opens nothing.
PictureFile look_at_picture_file(const std::filesystem::path& path);

// Reads the whole file. Never waits for a pipe, and reads from nothing but regular files of up to
// kMaxPictureFileBytes. `bytes` is reused from file to file.
PictureFile read_picture_file(const std::filesystem::path& path, std::vector<std::uint8_t>& bytes);

}  // namespace mat
