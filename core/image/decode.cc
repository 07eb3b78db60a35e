#include "core/image/decode.h"

#include <fmt/format.h>

#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include "core/image/formats.h"
#include "core/image/orientation.h"

namespace mat {
namespace {

bool starts_with(Bytes bytes, std::string_view start, std::size_t at = 0) {
  return bytes.size() >= at + start.size() &&
         std::memcmp(bytes.data() + at, start.data(), start.size()) == 0;
}

// Two letters say little: text may begin with them too, so the size of the header must be sane.
bool looks_like_bmp(Bytes bytes) {
  return starts_with(bytes, "BM") && bytes.size() >= 18 && bytes[14] >= 12 && bytes[14] <= 124 &&
         bytes[15] == 0 && bytes[16] == 0 && bytes[17] == 0;
}

}  // namespace

const char* name_of(ImageFormat format) {
  switch (format) {
    case ImageFormat::jpeg:
      return "JPEG";
    case ImageFormat::png:
      return "PNG";
    case ImageFormat::bmp:
      return "BMP";
    case ImageFormat::gif:
      return "GIF";
    case ImageFormat::webp:
      return "WebP";
    case ImageFormat::tiff:
      return "TIFF";
    case ImageFormat::unknown:
      break;
  }
  return "unknown";
}

ImageFormat sniff_format(Bytes bytes) {
  using namespace std::string_view_literals;
  if (starts_with(bytes, "\xff\xd8\xff"sv)) return ImageFormat::jpeg;
  if (starts_with(bytes, "\x89PNG\r\n\x1a\n"sv)) return ImageFormat::png;
  if (starts_with(bytes, "GIF87a"sv) || starts_with(bytes, "GIF89a"sv)) return ImageFormat::gif;
  if (starts_with(bytes, "RIFF"sv) && starts_with(bytes, "WEBP"sv, 8)) return ImageFormat::webp;
  if (starts_with(bytes, "II*\0"sv) || starts_with(bytes, "MM\0*"sv) ||
      starts_with(bytes, "II+\0"sv) || starts_with(bytes, "MM\0+"sv)) {
    return ImageFormat::tiff;
  }
  if (looks_like_bmp(bytes)) return ImageFormat::bmp;
  return ImageFormat::unknown;
}

bool accept_size(std::int64_t width, std::int64_t height, const DecodeOptions& options,
                 DecodeResult& result) {
  if (width <= 0 || height <= 0) {
    result.problem = fmt::format("damaged: a size of {}x{} pixels", width, height);
    return false;
  }
  if (width > options.max_pixels / height) {
    result.has_too_many_pixels = true;
    result.problem = fmt::format("{}x{} pixels are too many (at most {} in all)", width, height,
                                 options.max_pixels);
    return false;
  }
  result.original_width = static_cast<int>(width);
  result.original_height = static_cast<int>(height);
  return true;
}

void judge_partial(std::int64_t rows, std::int64_t all_rows, const std::string& reason,
                   DecodeResult& result) {
  const std::string text =
      fmt::format("{}: {} % of the picture is there", reason, rows * 100 / all_rows);
  if (rows * 2 >= all_rows) {
    result.warning = text;
  } else {
    result.image = {};
    result.problem = text;
  }
}

void allocate(int width, int height, DecodeResult& result) {
  result.image.width = width;
  result.image.height = height;
  result.image.pixels.assign(result.image.byte_count(), 0);
}

DecodeResult decode_image(Bytes bytes, const DecodeOptions& options) {
  DecodeResult result;
  result.format = sniff_format(bytes);
  int orientation = 1;
  try {
    switch (result.format) {
      case ImageFormat::jpeg:
        orientation = decode_jpeg(bytes, options, result);
        break;
      case ImageFormat::png:
        orientation = decode_png(bytes, options, result);
        break;
      case ImageFormat::bmp:
        orientation = decode_bmp(bytes, options, result);
        break;
      default:
        result.problem = describe_foreign(bytes);
    }
    if (result.ok()) result.image = upright(std::move(result.image), orientation);
  } catch (const std::bad_alloc&) {
    result.problem = "too large for the memory of this machine";
  } catch (const std::length_error&) {
    result.problem = "too large for the memory of this machine";
  }
  if (!result.ok()) {
    result.image = {};
    result.warning.clear();
  }
  if (orientation >= 5) std::swap(result.original_width, result.original_height);
  return result;
}

}  // namespace mat
