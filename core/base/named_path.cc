#include "core/base/named_path.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <cerrno>
#include <system_error>

#include "core/base/error.h"

namespace mat {

namespace fs = std::filesystem;

void require_there(const fs::path& path, const char* what, const std::string& hint) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status)) return;
  if (status.type() == fs::file_type::not_found) {
    throw Error(ErrorKind::not_found, fmt::format("there is no {} '{}'", what, path.string()),
                hint);
  }
  throw_io_error(fmt::format("cannot reach '{}'", path.string()), error.value());
}

FileDescriptor open_named_file(const fs::path& file) {
  FileDescriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd) return fd;
  const int problem = errno;
  require_there(file, "file");
  throw_io_error(fmt::format("cannot open '{}'", file.string()), problem);
}

void require_folder_of(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  require_there(folder, "folder");
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  throw Error(ErrorKind::usage, fmt::format("'{}' is no folder", folder.string()));
}

}  // namespace mat
