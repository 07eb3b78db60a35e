#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace mat {

// Copies a file, or what is in a folder and below, into the folder `to`, which is made; files and
// links of the same name there are replaced. Links stay links: one to what is copied with it leads
// to the copy, any other to what it led to. What is neither file nor folder nor link is passed over
// with a line for `log`. What cannot be copied keeps nothing else from being copied: an io error at
// the end names the first and counts the others.
void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to,
               const std::function<void(std::string_view line)>& log);

}  // namespace mat
