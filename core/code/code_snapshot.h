#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/base/json.h"

namespace mat {

struct SnapshotLimits {
  std::uint64_t bytes = 100'000'000;
  std::uint64_t files = 100'000;
};

// Packs a folder of code into the file `archive` (see code_archive.h): what git would keep
// (files that .gitignore names stay out, tracked or not yet tracked ones go along), also where the
// folder is in no repository; without git everything but .git. Executable files stay executable.
// Links are kept as links when they lead to a place within the folder. What is left out for another
// reason than .gitignore is told: links that lead out, sockets and pipes, nested homes of mat
// (`leave_out`, absolute).
//
// Gives {"files", "bytes", "xxh3", "notes"}: what was copied, a hash of paths, contents, links and
// executable bits that is the same for the same code, and a list of sentences. Throws a usage error
// when `code` is no folder, and before anything is copied when it is larger than `limits`, naming
// the largest files; io errors when something cannot be read or written.
Json snapshot_code(const std::filesystem::path& code, const std::filesystem::path& archive,
                   const SnapshotLimits& limits = {},
                   const std::vector<std::filesystem::path>& leave_out = {});

// Throws the same usage errors without packing anything, and one for a file that cannot be read.
void check_snapshot(const std::filesystem::path& code, const SnapshotLimits& limits = {},
                    const std::vector<std::filesystem::path>& leave_out = {});

// Where a version keeps its code: packed until it begins, then as the folder that it runs in.
std::filesystem::path packed_code(const std::filesystem::path& version_folder);
std::filesystem::path code_folder(const std::filesystem::path& version_folder);

// Unpacks a version's code unless that has been done, or there is none. `facts` are the version's,
// with what snapshot_code() gave as "code". Throws io errors.
void restore_code(const std::filesystem::path& version_folder, const Json& facts);

}  // namespace mat
