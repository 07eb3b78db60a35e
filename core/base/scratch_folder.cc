#include "core/base/scratch_folder.h"

#include <stdlib.h>

#include <cerrno>

#include "core/base/error.h"

namespace mat {

namespace fs = std::filesystem;

ScratchFolder::ScratchFolder(const std::string& what) {
  std::string name = (fs::temp_directory_path() / ("mat-" + what + "-XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) throw_io_error("cannot make a temporary folder", errno);
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace mat
