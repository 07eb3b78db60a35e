#include "core/training/model_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <string_view>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/named_path.h"

namespace mat {

ModelFileKind kind_of_model_file(const std::filesystem::path& path) {
  const FileDescriptor file = open_named_file(path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is not a regular file", path.string()));
  }
  std::array<char, 9> first{};
  std::size_t size = 0;
  while (size < first.size()) {
    const std::size_t more = read_some(file.get(), first.data() + size, first.size() - size, path);
    if (more == 0) break;
    size += more;
  }
  if (std::string_view(first.data(), size).starts_with("PK\x03\x04")) {
    return ModelFileKind::program;
  }
  const bool is_weights = size == first.size() && first.back() == '{';
  return is_weights ? ModelFileKind::weights : ModelFileKind::neither;
}

}  // namespace mat
