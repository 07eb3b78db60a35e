#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mat {

// A version's folder gets its place before its row is committed: a creation that fails or is killed
// in between leaves a folder without a row. What it holds is known, so that it can be told from
// anything that a person may have put there, and taken over or removed. Callers hold the
// registry's write lock, unless said otherwise.

// A version's settings, as a person reads them.
inline constexpr const char* kSpecFile = "spec.yaml";

// Puts spec.yaml and output/ into a folder, which need not be there. Needs no lock. Throws io
// errors.
void make_version_folder(const std::filesystem::path& folder, const std::string& spec_yaml);

// Of a version that has its place. Needs no lock. Throws io errors.
void replace_spec(const std::filesystem::path& folder, const std::string& spec_yaml);

// Moves what has been made to the place FOLDER, where there is nothing. Throws io errors.
void put_in_place(const std::filesystem::path& made, const std::filesystem::path& folder);

// What of it a run needs, with the folder itself and the one that it is in: all of it must be on
// the disk when the version is submitted.
std::vector<std::filesystem::path> parts_of_version_folder(const std::filesystem::path& folder);

// Whether a new version may have this folder: there is none, or only what an unfinished creation
// has left that has ended. Needs no lock.
bool is_free_version_folder(const std::filesystem::path& folder);

// Removes what an unfinished creation has left. Whether there is nothing now.
bool make_room_for_version(const std::filesystem::path& folder);

// The same for the creation itself, which may still hold the version's lock, and the job's folder
// when nothing else is in it.
void remove_unfinished_folder(const std::filesystem::path& folder);

}  // namespace mat
