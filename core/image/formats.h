#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/image/decode.h"

// What decode_image is made of; for the files of this folder.
namespace mat {

using Bytes = std::span<const std::uint8_t>;

// Each fills `result` except for `format`: the picture as it is stored, its size before scaled
// decoding, a problem or a warning; and returns the EXIF orientation, 1 to 8. May throw
// std::bad_alloc.
int decode_jpeg(Bytes bytes, const DecodeOptions& options, DecodeResult& result);
int decode_png(Bytes bytes, const DecodeOptions& options, DecodeResult& result);
int decode_bmp(Bytes bytes, const DecodeOptions& options, DecodeResult& result);

// Words for bytes that are none of the three: "a GIF; convert it to JPEG or PNG".
std::string describe_foreign(Bytes bytes);

// Checks a header's size against the limit. When it will do, sets the original size of `result`;
// otherwise sets its problem and returns false.
bool accept_size(std::int64_t width, std::int64_t height, const DecodeOptions& options,
                 DecodeResult& result);

// For a picture of which only `rows` of `all_rows` could be read: keeps it with a warning when that
// is at least half, otherwise drops it with a problem. `reason`: "ends early", "damaged (…)".
void judge_partial(std::int64_t rows, std::int64_t all_rows, const std::string& reason,
                   DecodeResult& result);

// Makes the picture, black.
void allocate(int width, int height, DecodeResult& result);

}  // namespace mat
