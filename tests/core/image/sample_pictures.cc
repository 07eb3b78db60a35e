#include "tests/core/image/sample_pictures.h"

#include <spng.h>

#include <cstdio>
// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <stdexcept>

namespace mat {
namespace {

constexpr std::size_t kPngStart = 8 + 25;  // signature and IHDR
constexpr std::size_t kPngEnd = 12;        // IEND

void put_big_endian(std::uint8_t* to, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  return ~crc;
}

}  // namespace

Image gradient(int width, int height) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.pixels.push_back(static_cast<std::uint8_t>(255 * x / width));
      image.pixels.push_back(static_cast<std::uint8_t>(255 * y / height));
      image.pixels.push_back(static_cast<std::uint8_t>(255 * (x + y) / (width + height)));
    }
  }
  return image;
}

ByteVector encode_jpeg(const Image& picture, const JpegSettings& settings) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, settings.quality, TRUE);
  info.arith_code = settings.arithmetic ? TRUE : FALSE;
  info.restart_in_rows = settings.restart_rows;
  if (settings.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(picture.pixels.data()) +
                   std::size_t{info.next_scanline} * picture.width * 3;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  ByteVector result(bytes, bytes + size);
  std::free(bytes);
  return result;
}

ByteVector encode_png(const Image& picture, const ByteVector& before, const ByteVector& behind) {
  spng_ctx* context = spng_ctx_new(SPNG_CTX_ENCODER);
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(picture.width);
  header.height = static_cast<std::uint32_t>(picture.height);
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  spng_set_ihdr(context, &header);
  spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
  int error = spng_encode_image(context, picture.pixels.data(), picture.byte_count(), SPNG_FMT_PNG,
                                SPNG_ENCODE_FINALIZE);
  std::size_t size = 0;
  auto* bytes = static_cast<std::uint8_t*>(spng_get_png_buffer(context, &size, &error));
  if (bytes == nullptr) throw std::runtime_error(spng_strerror(error));
  ByteVector result(bytes, bytes + size);
  std::free(bytes);
  spng_ctx_free(context);
  result.insert(result.end() - kPngEnd, behind.begin(), behind.end());
  result.insert(result.begin() + kPngStart, before.begin(), before.end());
  return result;
}

ByteVector make_chunk(const std::string& type, const ByteVector& data) {
  ByteVector chunk(data.size() + 12);
  put_big_endian(chunk.data(), static_cast<std::uint32_t>(data.size()));
  std::copy(type.begin(), type.end(), chunk.begin() + 4);
  std::copy(data.begin(), data.end(), chunk.begin() + 8);
  const std::span<const std::uint8_t> checked(chunk.data() + 4, data.size() + 4);
  put_big_endian(chunk.data() + data.size() + 8, crc32(checked));
  return chunk;
}

ByteVector make_exif(int orientation, bool big_endian) {
  ByteVector bytes;
  const auto put = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) {
      const int shift = 8 * (big_endian ? size - 1 - i : i);
      bytes.push_back(static_cast<std::uint8_t>(value >> shift));
    }
  };
  bytes.assign(2, big_endian ? 'M' : 'I');
  put(42, 2);
  put(8, 4);       // where the directory is
  put(2, 2);       // its entries
  put(0x010f, 2);  // the camera's maker, as text
  put(2, 2);
  put(4, 4);
  put(0x00414141, 4);
  put(0x0112, 2);  // the orientation, one SHORT
  put(3, 2);
  put(1, 4);
  put(static_cast<std::uint32_t>(orientation), 2);
  put(0, 2);
  put(0, 4);  // no further directory
  return bytes;
}

ByteVector with_exif(const ByteVector& jpeg, int orientation) {
  const ByteVector exif = make_exif(orientation);
  const std::size_t size = exif.size() + 8;
  ByteVector segment = {0xff, 0xe1, static_cast<std::uint8_t>(size >> 8),
                        static_cast<std::uint8_t>(size)};
  for (const char c : {'E', 'x', 'i', 'f', '\0', '\0'}) segment.push_back(c);
  segment.insert(segment.end(), exif.begin(), exif.end());
  ByteVector result = jpeg;
  result.insert(result.begin() + 2, segment.begin(), segment.end());
  return result;
}

ByteVector read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return ByteVector(std::istreambuf_iterator<char>(file), {});
}

std::optional<std::filesystem::path> odd_images() {
  const char* data = std::getenv("MAT_SHARED_DATA");
  if (data != nullptr) {
    const std::filesystem::path folder = std::filesystem::path(data) / "odd-images";
    if (std::filesystem::exists(folder / "MANIFEST.tsv")) return folder;
  }
  std::cerr << "WARNING: skipped, the odd pictures are not here (MAT_SHARED_DATA)\n";
  return std::nullopt;
}

Difference difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height || a.pixels.size() != b.pixels.size()) {
    return {255, 255};
  }
  Difference result;
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const int apart = std::abs(a.pixels[i] - b.pixels[i]);
    result.greatest = std::max(result.greatest, apart);
    sum += apart;
  }
  if (!a.pixels.empty()) result.mean = sum / static_cast<double>(a.pixels.size());
  return result;
}

}  // namespace mat
