#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace mat {

// Root file systems for bubblewrap.

// The folder of a root file system: `image` itself, or where the tarball `image` is unpacked below
// `cache` (by its SHA-256; once, also when several processes want it). `stop_requested`, which may
// be empty, is asked about ten times a second. Throws usage errors for an image that is no root
// file system or no sound tarball, io errors for the disk, and terminated or interrupted ones for a
// stop.
std::filesystem::path root_folder(const std::filesystem::path& image,
                                  const std::filesystem::path& cache,
                                  const std::vector<std::string>& environment,
                                  const std::function<bool()>& stop_requested);

// Throws a usage error when the folder `root`, which came from `image`, is no root file system.
void check_is_root(const std::filesystem::path& root, const std::filesystem::path& image);

// What bubblewrap needs to make the root, with every folder of `mounts` appearing in it at its own
// path. A part of the image in which a mount lies is made of links to its entries, so that the
// mount's folder can be made without writing into the image.
std::vector<std::string> root_arguments(const std::filesystem::path& root,
                                        const std::vector<std::filesystem::path>& mounts);

// Whether the root has an executable file at `path`, its links followed as if it were the root.
// True also when this cannot be told.
bool root_has_program(const std::filesystem::path& root, const std::filesystem::path& path);

}  // namespace mat
