#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace mat {

// VERSION_FOLDER/stop: whoever wants a run to end writes why, its runner looks for it between
// batches. A file, so that it needs neither the runner's user nor its machine.
void request_stop(const std::filesystem::path& version_folder, const std::string& reason);
// The same, but for a disk that takes no file: then the process that holds the folder's lock here
// is sent SIGTERM, which means the same to it. Throws io errors when there is none.
void ask_to_stop(const std::filesystem::path& version_folder, const std::string& reason);
std::filesystem::path stop_request_path(const std::filesystem::path& version_folder);
std::optional<std::string> requested_stop(const std::filesystem::path& version_folder);
void withdraw_stop(const std::filesystem::path& version_folder) noexcept;

// One system call: for the look between batches.
bool is_stop_requested(const std::filesystem::path& version_folder) noexcept;

}  // namespace mat
