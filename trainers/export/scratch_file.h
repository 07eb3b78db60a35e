#pragma once

#include <filesystem>

namespace mat {

// A file that is written and checked before it has its name. Gone at the end, unless it was kept.
class ScratchFile {
 public:
  explicit ScratchFile(const std::filesystem::path& out);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // In place of what stood at `out`. Throws io errors.
  void keep() const;

 private:
  std::filesystem::path out_, path_;
};

}  // namespace mat
