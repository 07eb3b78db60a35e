#pragma once

#include <filesystem>
#include <span>
#include <string_view>

namespace mat {

// Makes the folder of something that runs in a process of its own, which only its owner can enter.
// To be called with the writers' lock held: what is there without a row was left by a process that
// was killed before. It is emptied when it holds nothing but `files` (also unfinished ones,
// "NAME.…. part") and nobody holds its lock; otherwise it is a conflict that says it is of no
// `what`.
void make_process_folder(const std::filesystem::path& folder,
                         std::span<const std::string_view> files, const char* what);

}  // namespace mat
