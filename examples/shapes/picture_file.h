#pragma once

#include <filesystem>

#include "core/image/image.h"

namespace mat {

// Both write the whole file or throw an io error that names it.
void write_jpeg(const std::filesystem::path& path, const Image& picture, int quality);
void write_png(const std::filesystem::path& path, const Image& picture);

}  // namespace mat
