#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mat {

// Names of one folder's entries, each list in bytewise order.
struct FolderListing {
  std::vector<std::string> files;         // regular files, links to them, links to nothing
  std::vector<std::string> folders;       // hidden ones and __MACOSX left out
  std::vector<std::string> folder_links;  // links to folders
  std::vector<std::string> others;        // pipes, sockets, devices
};

// One pass over the folder; looks at single files only where the file system does not tell their
// type. Throws an io error when the folder cannot be read.
FolderListing list_folder(const std::string& path);

// Whether a file of this name may be a picture, with any ending or none: not hidden, not a
// system's, a text or an archive, and none of those that lie beside data: LICENSE, README.
bool is_picture_by_name(std::string_view name);

}  // namespace mat
