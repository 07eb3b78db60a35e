#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/image/image.h"

namespace mat {

using ByteVector = std::vector<std::uint8_t>;

// A picture in which every pixel tells where it is: red grows to the right, green downwards, blue
// along the diagonal.
Image gradient(int width, int height);

struct JpegSettings {
  int quality = 95;
  bool progressive = false;
  bool arithmetic = false;
  int restart_rows = 0;
};
ByteVector encode_jpeg(const Image& picture, const JpegSettings& settings = {});

// With more chunks, each whole as make_chunk gives it, before or behind the pixels.
ByteVector encode_png(const Image& picture, const ByteVector& before = {},
                      const ByteVector& behind = {});
ByteVector make_chunk(const std::string& type, const ByteVector& data);

// Everything but the pixels of a TIFF structure that says `orientation`.
ByteVector make_exif(int orientation, bool big_endian = false);

// The JPEG with an EXIF segment in front.
ByteVector with_exif(const ByteVector& jpeg, int orientation);

ByteVector read_bytes(const std::filesystem::path& path);

// The folder odd-images of the shared data; prints a WARNING and is nothing when it is not here.
std::optional<std::filesystem::path> odd_images();

// The greatest and the mean difference of two pictures' values; 255 when their sizes differ.
struct Difference {
  int greatest = 0;
  double mean = 0;
};
Difference difference(const Image& a, const Image& b);

}  // namespace mat
