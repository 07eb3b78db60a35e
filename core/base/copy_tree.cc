#include "core/base/copy_tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <system_error>

#include "core/base/error.h"
#include "core/base/file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

class TreeCopy {
 public:
  TreeCopy(const fs::path& root, const std::function<void(std::string_view line)>& log)
      : root_(root), log_(log) {}

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
      fs::create_symlink(link_for_copy(from), to, error);
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
  // What the copy of a link says, since the copy is at another place.
  fs::path link_for_copy(const fs::path& link) const {
    std::error_code error, ignored;
    fs::path said = fs::read_symlink(link, ignored);
    fs::path leads_to = fs::canonical(link, error);
    const fs::path folder = fs::canonical(link.parent_path(), ignored);
    if (error) return said;
    if (!is_below(leads_to, root_)) return leads_to;
    return stays_inside(said, folder) ? said : leads_to.lexically_relative(folder);
  }

  // Whether a link in `folder` leads through nothing but the tree.
  bool stays_inside(const fs::path& said, const fs::path& folder) const {
    if (said.is_absolute()) return false;
    auto depth =
        std::distance(folder.begin(), folder.end()) - std::distance(root_.begin(), root_.end());
    for (const fs::path& part : said) {
      if (part == "..")
        --depth;
      else if (part != ".")
        ++depth;
      if (depth < 0) return false;
    }
    return true;
  }

  static bool is_below(const fs::path& path, const fs::path& folder) {
    if (folder.empty()) return false;
    const auto [in_folder, in_path] =
        std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
    return in_folder == folder.end();
  }

  void note_failure(const std::error_code& error, const fs::path& from, const fs::path& to) {
    if (!error || ++failures_ > 1) return;
    first_failed_ = fmt::format("cannot copy '{}' to '{}'", from.string(), to.string());
    first_error_ = error;
  }

  const fs::path root_;  // canonical; empty: it is no folder
  const std::function<void(std::string_view line)>& log_;
  int failures_ = 0;
  std::string first_failed_;
  std::error_code first_error_;
};

}  // namespace

void copy_tree(const fs::path& from, const fs::path& to,
               const std::function<void(std::string_view line)>& log) {
  make_folders(to);
  std::error_code ignored;
  const bool is_folder = fs::is_directory(from, ignored);
  TreeCopy copy(is_folder ? fs::canonical(from, ignored) : fs::path(), log);
  if (is_folder) {
    copy.copy_content(from, to);
  } else {
    copy.copy(from, to / from.filename());
  }
  copy.throw_failure();
}

}  // namespace mat
