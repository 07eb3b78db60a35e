#include "cli/ui/picture_response.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/cache/picture_file.h"
#include "core/image/decode.h"
#include "core/image/encode.h"
#include "core/image/resize.h"

namespace mat {
namespace {

constexpr std::int64_t kMostPixels = 100'000'000;
constexpr int kQuality = 85;

Image shrunk_to(Image image, int size) {
  const int longer = std::max(image.width, image.height);
  if (longer <= size) return image;
  const double scale = static_cast<double>(size) / longer;
  const auto side = [&](int pixels) { return std::max(1, static_cast<int>(pixels * scale + 0.5)); };
  return resize_bilinear(image, side(image.width), side(image.height));
}

}  // namespace

HttpResponse picture_response(const std::filesystem::path& file, int size) {
  std::vector<std::uint8_t> bytes;
  const PictureFile read = read_picture_file(file, bytes);
  if (!read.problem.empty()) return http_error(404, read.problem);
  DecodeOptions options;
  options.max_pixels = kMostPixels;
  options.wanted_short_side = size;
  DecodeResult decoded = decode_image(bytes, options);
  if (!decoded.ok()) return http_error(404, decoded.problem);
  const auto jpeg = to_jpeg(shrunk_to(std::move(decoded.image), size), kQuality);
  HttpResponse response;
  response.content_type = "image/jpeg";
  response.body.assign(jpeg.begin(), jpeg.end());
  return response;
}

}  // namespace mat
