#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/model/picture_feed.h"

namespace mat {

// Files that were named one by one.
PictureFeed::Source named_pictures(std::vector<std::string> names);

// All pictures below a folder, in the order of their names; what is no picture by its name is left
// out. Throws usage and io errors for the folder.
PictureFeed::Source pictures_below(const std::filesystem::path& folder);

// What comes through a pipe: one picture, if its first bytes are a picture's, called "-"; otherwise
// the names of files, one in each line, or, where there is one, between zero bytes (find -print0),
// each as soon as it is there.
PictureFeed::Source piped_pictures(int fd);

}  // namespace mat
