#include "core/service/service_log.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>

#include "core/base/text.h"
#include "core/base/time.h"

namespace mat {
namespace {

constexpr std::uint64_t kMostBytes = 16 << 20;
constexpr std::size_t kLongestLine = 4 << 10;

}  // namespace

ServiceLog::ServiceLog(std::filesystem::path path) : path_(std::move(path)) { open(); }

void ServiceLog::open() noexcept {
  file_ = FileDescriptor(
      ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat info {};
  size_ = file_ && ::fstat(file_.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

bool ServiceLog::write(std::string_view text) noexcept {
  if (!file_) open();
  if (!file_) return false;
  const ssize_t written = ::write(file_.get(), text.data(), text.size());
  if (written > 0) size_ += static_cast<std::uint64_t>(written);
  return written == static_cast<ssize_t>(text.size());
}

void ServiceLog::line(std::string_view text) noexcept {
  try {
    const std::string line =
        fmt::format("{}  {}\n", utc_text(now_ms()), printable(text.substr(0, kLongestLine)));
    const std::lock_guard lock(mutex_);
    if (size_ > kMostBytes) {
      ::rename(path_.c_str(), (path_.parent_path() / "log.old.txt").c_str());
      open();
    }
    if (lost_ > 0 && !write(fmt::format("({} lines were lost)\n", lost_))) {
      ++lost_;
      return;
    }
    lost_ = write(line) ? 0 : 1;
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace mat
