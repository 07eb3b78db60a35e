#include "core/catalog/real_path.h"

#include <filesystem>
#include <string_view>
#include <system_error>

namespace mat {

std::string RealPaths::of(const std::string& file) {
  const std::size_t end = file.rfind('/');
  if (!file.starts_with('/') || end == 0) return file;
  const std::string_view folder = std::string_view(file).substr(0, end);
  if (folder != folder_) {
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(folder, error);
    folder_ = folder;
    real_ = error ? folder_ : real.string();
  }
  return (real_ == "/" ? "" : real_) + file.substr(end);
}

}  // namespace mat
