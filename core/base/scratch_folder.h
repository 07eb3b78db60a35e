#pragma once

#include <filesystem>
#include <string>

namespace mat {

// A folder of its own among the system's temporary files, which goes with this object.
class ScratchFolder {
 public:
  // "mat-WHAT-" and some letters that nobody else has. Throws an io error when it cannot be made.
  explicit ScratchFolder(const std::string& what);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace mat
