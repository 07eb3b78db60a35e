#include "core/dataset/files_below.h"

#include <algorithm>
#include <deque>
#include <set>

#include "core/base/error.h"
#include "core/dataset/folder_listing.h"

namespace mat {

namespace fs = std::filesystem;

std::string name_within(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

bool is_same_or_above(const fs::path& above, const fs::path& path) {
  return std::mismatch(above.begin(), above.end(), path.begin(), path.end()).first == above.end();
}

std::optional<fs::path> followed_link(const fs::path& root, const fs::path& link,
                                      const fs::path& inside) {
  std::error_code error;
  fs::path target = fs::canonical(link, error);
  if (error || !is_same_or_above(root, target) || is_same_or_above(target, inside)) {
    return std::nullopt;
  }
  return target;
}

namespace {

class Walk {
 public:
  Walk(const fs::path& root, bool go_on) : root_(root), go_on_(go_on) {}

  FilesBelow read(const std::string& top) {
    waiting_ = {top};
    while (!waiting_.empty()) {
      const std::string folder = std::move(waiting_.back());
      waiting_.pop_back();
      std::error_code error;
      const fs::path real = fs::canonical(root_ / folder, error);
      if (error == std::errc::filename_too_long ||
          error == std::errc::too_many_symbolic_link_levels) {
        // Its files could not be opened either.
        result_.ignored.emplace_back(folder, "a folder with too long a path");
        continue;
      }
      // Real folders are read once each even when links lead to them again, which also ends loops.
      if (!seen_.insert(real.string()).second) continue;
      read_folder(folder, error ? root_ / folder : real);
    }
    return std::move(result_);
  }

 private:
  void read_folder(const std::string& folder, const fs::path& real) {
    FolderListing listing;
    try {
      listing = list_folder(real.string());
    } catch (const Error&) {
      if (!go_on_) throw;
      result_.ignored.emplace_back(folder, "a folder that cannot be read");
      return;
    }
    for (const auto& file : listing.files) {
      std::string name = name_within(folder, file);
      if (is_picture_by_name(file)) {
        result_.pictures.push_back(std::move(name));
      } else {
        result_.ignored.emplace_back(std::move(name), "no picture by its name");
      }
    }
    for (const auto& other : listing.others) {
      result_.ignored.emplace_back(name_within(folder, other), "a pipe, socket or device");
    }
    for (const auto& link : listing.folder_links) {
      std::string name = name_within(folder, link);
      if (followed_link(root_, root_ / name, real)) {
        // In front: folders that are really there are read before links to them.
        waiting_.push_front(std::move(name));
      } else {
        result_.ignored.emplace_back(
            std::move(name), "a link that leads out of the folder, or back, and is not followed");
      }
    }
    for (const auto& inner : listing.folders) waiting_.push_back(name_within(folder, inner));
  }

  const fs::path& root_;
  bool go_on_;
  FilesBelow result_;
  std::set<std::string> seen_;
  std::deque<std::string> waiting_;
};

}  // namespace

FilesBelow files_below(const fs::path& root, const std::string& folder, bool go_on) {
  return Walk(root, go_on).read(folder);
}

}  // namespace mat
