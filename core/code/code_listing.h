#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mat {

// What belongs to a folder of code.
struct CodeListing {
  std::vector<std::string> paths;  // relative, sorted by bytes; files, links and odd things
  std::vector<std::string> notes;  // sentences for a person
};

// The paths that git would keep, in a repository or not; without git all but .git. Of a folder that
// the repository around it ignores whole, and of one that git does not trust, those that its own
// .gitignore leaves, with a note. Repositories within the folder count as parts of it. Throws an io
// error when the folder cannot be read or git cannot list it, a usage error for far too many files.
CodeListing list_code(const std::filesystem::path& folder);

}  // namespace mat
