#include "trainers/export/scratch_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/base/error.h"
#include "core/base/file.h"

namespace mat {

namespace fs = std::filesystem;

ScratchFile::ScratchFile(const fs::path& out)
    : out_(out), path_(fmt::format("{}.{}.unchecked", out.string(), ::getpid())) {}

ScratchFile::~ScratchFile() { ::unlink(path_.c_str()); }

void ScratchFile::keep() const {
  if (::rename(path_.c_str(), out_.c_str()) != 0) {
    throw_io_error(fmt::format("cannot write '{}'", out_.string()), errno);
  }
  sync_folder(out_.has_parent_path() ? out_.parent_path() : fs::path("."));
}

}  // namespace mat
