#include <fmt/format.h>
#include <spng.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <vector>

#include "core/image/formats.h"
#include "core/image/orientation.h"

namespace mat {
namespace {

constexpr std::size_t kSignature = 8;

// Text and profiles that a picture may carry in all; more is an attack. Of what is compressed,
// libspng refuses half as much already.
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

std::uint32_t big_endian(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

struct Chunk {
  std::size_t at;  // of its length, which four bytes of type and the data follow
  std::string_view type;
  Bytes data;  // as far as the file has it
  std::uint32_t length;
};

std::optional<Chunk> chunk_at(Bytes bytes, std::size_t at) {
  if (bytes.size() < at + 8) return std::nullopt;
  const Bytes rest = bytes.subspan(at + 8);
  const std::uint32_t length = big_endian(bytes, at);
  return Chunk{at, std::string_view(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4),
               rest.first(std::min<std::size_t>(length, rest.size())), length};
}

std::optional<Chunk> next_chunk(Bytes bytes, const Chunk& chunk) {
  return chunk_at(bytes, chunk.at + 12 + chunk.length);
}

// libspng passes over a profile or text that is compressed by an unknown method. Such a file was
// written by something that does not know PNG.
bool has_unknown_compression(Bytes bytes) {
  for (auto chunk = chunk_at(bytes, kSignature); chunk; chunk = next_chunk(bytes, *chunk)) {
    if (chunk->type != "iCCP" && chunk->type != "zTXt") continue;
    const auto end_of_name = std::find(chunk->data.begin(), chunk->data.end(), 0);
    if (chunk->data.end() - end_of_name >= 2 && end_of_name[1] != 0) return true;
  }
  return false;
}

// Chunks that say so stand before the pixels.
std::uint8_t traits_of(Bytes bytes, const spng_ihdr& header) {
  std::uint8_t traits = 0;
  if (header.bit_depth == 16) traits |= trait_deep;
  if (header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
      header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA) {
    traits |= trait_alpha;
  }
  for (auto chunk = chunk_at(bytes, kSignature); chunk; chunk = next_chunk(bytes, *chunk)) {
    if (chunk->type == "IDAT") break;
    if (chunk->type == "tRNS") traits |= trait_alpha;
    if (chunk->type == "acTL") traits |= trait_animated;
  }
  return traits;
}

// libspng takes nothing from a chunk of pixels that is cut short. This gives a copy in which the
// chunk says that it is as long as it is; empty when nothing is cut.
std::vector<std::uint8_t> mend_cut_chunk(Bytes bytes) {
  for (auto chunk = chunk_at(bytes, kSignature); chunk; chunk = next_chunk(bytes, *chunk)) {
    if (chunk->type != "IDAT" || chunk->data.size() == chunk->length) continue;
    std::vector<std::uint8_t> mended(bytes.begin(), bytes.end());
    for (int i = 0; i < 4; ++i) {
      mended[chunk->at + i] = static_cast<std::uint8_t>(chunk->data.size() >> (24 - 8 * i));
    }
    return mended;
  }
  return {};
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
  if (has_unknown_compression(bytes)) {
    result.problem = "damaged PNG (unknown compression method)";
    return 1;
  }
  const std::vector<std::uint8_t> mended = mend_cut_chunk(bytes);
  if (!mended.empty()) bytes = mended;
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
  result.traits = traits_of(bytes, header);
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
