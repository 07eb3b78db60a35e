#include "core/image/orientation.h"

#include <cstddef>
#include <cstring>
#include <utility>

namespace mat {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112;

// Numbers at places of a TIFF structure; places beyond its end read as zero.
class TiffBytes {
 public:
  TiffBytes(std::span<const std::uint8_t> bytes, bool big_endian)
      : bytes_(bytes), big_endian_(big_endian) {}

  std::uint32_t number(std::size_t at, int size) const {
    std::uint32_t value = 0;
    for (int i = 0; i < size; ++i) {
      const std::size_t place = at + (big_endian_ ? i : size - 1 - i);
      value = value << 8 | (place < bytes_.size() ? bytes_[place] : 0);
    }
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool big_endian_;
};

}  // namespace

int exif_orientation(std::span<const std::uint8_t> tiff) {
  if (tiff.size() < 14 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
  const TiffBytes bytes(tiff, tiff[0] == 'M');
  const std::size_t directory = bytes.number(4, 4);
  const std::size_t entries = bytes.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * 12;
    if (entry + 12 > tiff.size()) break;
    if (bytes.number(entry, 2) != kOrientationTag) continue;
    // SHORT by the standard; some writers use BYTE or LONG. The value stands left in its field.
    const std::uint32_t type = bytes.number(entry + 2, 2);
    const int size = type == 3 ? 2 : type == 4 ? 4 : type == 1 ? 1 : 0;
    const std::uint32_t value = bytes.number(entry + 8, size);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const std::ptrdiff_t w = image.width, h = image.height;
  // Where the upper left pixel of the upright picture lies, and how far, in pixels, the next one to
  // the right and the next one below are from it.
  struct Walk {
    std::ptrdiff_t start, right, down;
  };
  const Walk walks[] = {
      {w - 1, -1, w},        // 2: mirrored
      {w * h - 1, -1, -w},   // 3: upside down
      {w * (h - 1), 1, -w},  // 4: upside down and mirrored
      {0, w, 1},             // 5: turned left and mirrored
      {w * (h - 1), -w, 1},  // 6: turned left
      {w * h - 1, -w, -1},   // 7: turned right and mirrored
      {w - 1, w, -1},        // 8: turned right
  };
  const Walk walk = walks[orientation - 2];
  Image result;
  result.width = orientation >= 5 ? image.height : image.width;
  result.height = orientation >= 5 ? image.width : image.height;
  result.pixels.resize(image.pixels.size());
  std::uint8_t* out = result.pixels.data();
  for (int y = 0; y < result.height; ++y) {
    std::ptrdiff_t from = walk.start + y * walk.down;
    for (int x = 0; x < result.width; ++x, out += 3, from += walk.right) {
      std::memcpy(out, image.pixels.data() + from * 3, 3);
    }
  }
  return result;
}

}  // namespace mat
