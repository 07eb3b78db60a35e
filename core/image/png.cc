#include <fmt/format.h>
#include <spng.h>

#include <memory>
#include <new>

#include "core/image/formats.h"
#include "core/image/orientation.h"

namespace mat {
namespace {

// Text and profiles, decompressed, that a picture may carry in all; more is an attack.
constexpr std::size_t kMaxChunkBytes = 4 << 20;

// Deflate makes at most 1032 bytes out of one.
constexpr std::int64_t kMaxInflation = 1032;

using Context = std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)>;

std::string reason_of(int error) {
  if (error == SPNG_IO_EOF || error == SPNG_EIDAT_TOO_SHORT) return "the PNG ends early";
  if (error == SPNG_ECHUNK_LIMITS) return "the PNG carries too much text or other extra data";
  return fmt::format("damaged PNG ({})", spng_strerror(error));
}

// A header may promise any number of pixels in a few bytes; what cannot hold even half of them is
// refused before anything is allocated.
bool could_hold_half(const spng_ihdr& header, std::size_t file_size) {
  constexpr int kChannels[] = {1, 0, 3, 1, 2, 0, 4};
  const std::int64_t row_bits =
      std::int64_t{header.width} * kChannels[header.color_type % 7] * header.bit_depth;
  const std::int64_t all = ((row_bits + 7) / 8 + 1) * header.height;
  return static_cast<std::int64_t>(file_size) * kMaxInflation >= all / 2;
}

// Decodes row by row, so that the rows before an error are kept. In an interlaced picture only the
// last pass completes rows.
void decode_rows(spng_ctx* context, bool interlaced, DecodeResult& result) {
  Image& image = result.image;
  const std::size_t stride = static_cast<std::size_t>(image.width) * 3;
  for (;;) {
    spng_row_info row{};
    int error = spng_get_row_info(context, &row);
    if (error == SPNG_EOI) return;
    if (error == 0) {
      error = spng_decode_row(context, image.pixels.data() + row.row_num * stride, stride);
      if (error == SPNG_EOI) return;
    }
    if (error != 0) {
      const std::uint32_t complete = interlaced && row.pass < 6 ? 0 : row.row_num;
      return judge_partial(complete, image.height, reason_of(error), result);
    }
  }
}

int orientation_of(spng_ctx* context) {
  spng_exif exif{};
  if (spng_get_exif(context, &exif) != 0) return 1;
  return exif_orientation({reinterpret_cast<const std::uint8_t*>(exif.data), exif.length});
}

}  // namespace

int decode_png(Bytes bytes, const DecodeOptions& options, DecodeResult& result) {
  const Context context(spng_ctx_new(0), &spng_ctx_free);
  if (!context) throw std::bad_alloc();
  spng_ihdr header{};
  int error = spng_set_chunk_limits(context.get(), kMaxChunkBytes, kMaxChunkBytes);
  if (error == 0) error = spng_set_png_buffer(context.get(), bytes.data(), bytes.size());
  if (error == 0) error = spng_get_ihdr(context.get(), &header);
  if (error != 0) {
    result.problem = reason_of(error);
    return 1;
  }
  if (!accept_size(header.width, header.height, options, result)) return 1;
  if (!could_hold_half(header, bytes.size())) {
    result.problem = "the PNG ends early: it is too short for its size in pixels";
    return 1;
  }
  error = spng_decode_image(context.get(), nullptr, 0, SPNG_FMT_RGB8, SPNG_DECODE_PROGRESSIVE);
  if (error != 0) {
    result.problem = reason_of(error);
    return 1;
  }
  int orientation = orientation_of(context.get());
  allocate(result.original_width, result.original_height, result);
  decode_rows(context.get(), header.interlace_method != 0, result);
  // Chunks behind the pixels may hold it too; damage there does not matter.
  if (orientation == 1 && result.ok() && result.warning.empty() &&
      spng_decode_chunks(context.get()) == 0) {
    orientation = orientation_of(context.get());
  }
  return orientation;
}

}  // namespace mat
