#pragma once

#include <filesystem>
#include <string>

namespace mat {

// Unpacks what CodeArchiveWriter has packed into the folder `to`, which must not be there: it is
// made whole or not at all, and is on the disk. Throws an io error when the archive is not what
// `hash` is of, as a power failure may leave it.
void unpack_code(const std::filesystem::path& archive, const std::filesystem::path& to,
                 const std::string& hash);

}  // namespace mat
