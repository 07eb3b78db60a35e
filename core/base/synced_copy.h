#pragma once

#include <cstdint>
#include <filesystem>

namespace mat {

// Copies a regular file's bytes to a new file, which is on the disk and read-only afterwards and
// shares nothing with the old one. Gives how many bytes there were. Throws not_found when there is
// no such file, a usage error for what is no regular file, and io errors; then there is no new
// file.
std::uint64_t synced_copy(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace mat
