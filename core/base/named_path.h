#pragma once

#include <filesystem>
#include <string>

#include "core/base/file.h"

// What a person names. Everywhere it is not_found when there is no such thing, and an io error when
// it cannot be read or reached.

namespace mat {

// `what` says what is looked for: "there is no folder 'x'".
void require_there(const std::filesystem::path& path, const char* what,
                   const std::string& hint = {});

// Waits for nobody: what is opened may be a pipe, or a folder.
FileDescriptor open_named_file(const std::filesystem::path& file);

// The same for the folder of a file that is to be written.
void require_folder_of(const std::filesystem::path& file);

}  // namespace mat
