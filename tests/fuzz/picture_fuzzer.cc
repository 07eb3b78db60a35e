#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/image/decode.h"
#include "core/image/resize.h"

// Small enough that a hostile header cannot fill the machine, large enough for the seeds.
constexpr std::int64_t kMaxPixels = 1 << 20;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const int wanted_short_side : {0, 24}) {
    const mat::DecodeResult result =
        mat::decode_image({data, size}, {kMaxPixels, wanted_short_side});
    const mat::Image& image = result.image;
    if (!result.ok()) {
      if (!image.pixels.empty()) std::abort();
      continue;
    }
    const bool whole =
        image.width > 0 && image.height > 0 && image.pixels.size() == image.byte_count() &&
        image.width <= result.original_width && image.height <= result.original_height;
    if (!whole) std::abort();
    if (wanted_short_side > 0) mat::resize_bilinear(image, 9, 7);
  }
  return 0;
}
