#include "core/run/run_files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr off_t kReservedBytes = 1 << 20;

}  // namespace

LogFile::LogFile(const fs::path& version_folder)
    : path_(version_folder / "log.txt"),
      file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (!file_) throw_io_error(fmt::format("cannot write '{}'", path_.string()), errno);
}

void LogFile::line(std::string_view text) {
  const std::string whole = fmt::format("{} {}\n", utc_text(now_ms()), printable(text));
  std::string_view rest = whole;
  while (!rest.empty()) {
    const ssize_t written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_io_error(fmt::format("cannot write '{}'", path_.string()), errno);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

SpaceReserve::SpaceReserve(const fs::path& version_folder) : path_(version_folder / "reserve") {
  const FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (!file) throw_io_error(fmt::format("cannot write '{}'", path_.string()), errno);
  const int error = ::posix_fallocate(file.get(), 0, kReservedBytes);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
    ::unlink(path_.c_str());
    throw_io_error(fmt::format("cannot write '{}'", path_.string()), error);
  }
}

SpaceReserve::~SpaceReserve() { give_back(); }

void SpaceReserve::give_back() noexcept {
  if (!path_.empty()) ::unlink(path_.c_str());
  path_.clear();
}

void copy_into(const fs::path& from, const fs::path& to) {
  make_folders(to);
  std::error_code error;
  const bool is_folder = fs::is_directory(from, error);
  fs::copy(from, is_folder ? to : to / from.filename(),
           fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  if (error) {
    throw_io_error(fmt::format("cannot copy '{}' to '{}'", from.string(), to.string()),
                   error.value());
  }
}

}  // namespace mat
