#include "core/base/copy_tree.h"

#include <fmt/core.h>

#include <string>
#include <system_error>

#include "core/base/error.h"
#include "core/base/file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

class TreeCopy {
 public:
  explicit TreeCopy(const std::function<void(std::string_view line)>& log) : log_(log) {}

  void copy_content(const fs::path& from, const fs::path& to) {
    std::error_code error;
    for (fs::directory_iterator entry(from, error), end; !error && entry != end;
         entry.increment(error)) {
      copy(entry->path(), to / entry->path().filename());
    }
    note_failure(error, from, to);
  }

  void copy(const fs::path& from, const fs::path& to) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(from, error);
    std::error_code ignored;
    // Nothing is written to where an earlier copy's link leads.
    if (fs::is_symlink(to, ignored) || fs::is_symlink(status)) fs::remove(to, ignored);
    if (fs::is_symlink(status)) {
      fs::copy_symlink(from, to, error);
    } else if (fs::is_directory(status)) {
      fs::create_directory(to, from, error);
      if (!error) copy_content(from, to);
    } else if (fs::is_regular_file(status)) {
      fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
    } else if (!error) {
      log_(fmt::format("'{}' is not copied: it is neither a file nor a folder", from.string()));
    }
    note_failure(error, from, to);
  }

  void throw_failure() const {
    if (failures_ == 0) return;
    const std::string others = failures_ > 1 ? fmt::format(", nor {} more", failures_ - 1) : "";
    throw_io_error(first_failed_ + others, first_error_.value());
  }

 private:
  void note_failure(const std::error_code& error, const fs::path& from, const fs::path& to) {
    if (!error || ++failures_ > 1) return;
    first_failed_ = fmt::format("cannot copy '{}' to '{}'", from.string(), to.string());
    first_error_ = error;
  }

  const std::function<void(std::string_view line)>& log_;
  int failures_ = 0;
  std::string first_failed_;
  std::error_code first_error_;
};

}  // namespace

void copy_tree(const fs::path& from, const fs::path& to,
               const std::function<void(std::string_view line)>& log) {
  make_folders(to);
  TreeCopy copy(log);
  std::error_code ignored;
  if (fs::is_directory(from, ignored)) {
    copy.copy_content(from, to);
  } else {
    copy.copy(from, to / from.filename());
  }
  copy.throw_failure();
}

}  // namespace mat
