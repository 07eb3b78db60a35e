#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mat {

// "a", "b" → "a/b"; within "" it is the name alone.
std::string name_within(const std::string& folder, const std::string& name);

// Where a link to a folder leads, if it stays in `root` and does not lead back to `inside`, the
// folder that it lies in, or above. These two are absolute and free of links.
std::optional<std::filesystem::path> followed_link(const std::filesystem::path& root,
                                                   const std::filesystem::path& link,
                                                   const std::filesystem::path& inside);

// Whether both are the same, or `path` is below `above`; both as above.
bool is_same_or_above(const std::filesystem::path& above, const std::filesystem::path& path);

struct FilesBelow {
  std::vector<std::string> pictures;  // that may be by their names, relative to the root; any order
  // What is left out, and why: no picture by its name, a pipe or device, a link that is not
  // followed, a folder that cannot be opened.
  std::vector<std::pair<std::string, std::string>> ignored;
};

// All files of ROOT/FOLDER and the folders in it; an empty `folder` is the root itself. Folders
// that several links lead to are read once. An io error for folders that cannot be read, or with
// `go_on`, those among the ignored.
FilesBelow files_below(const std::filesystem::path& root, const std::string& folder,
                       bool go_on = false);

}  // namespace mat
