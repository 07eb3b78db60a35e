#include "examples/shapes/picture_file.h"

#include <spng.h>

#include <cerrno>
#include <cstdio>
// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <span>

#include "core/base/error.h"

namespace mat {
namespace {

void write_bytes(const std::filesystem::path& path, std::span<const unsigned char> bytes) {
  const auto fail = [&] { throw_io_error("cannot write '" + path.string() + "'", errno); };
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) fail();
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if ((std::fclose(file) != 0) || !written) fail();
}

}  // namespace

void write_jpeg(const std::filesystem::path& path, const Image& picture, int quality) {
  // libjpeg's own answer to an error, which ends the program, will do here: the only one that these
  // calls can meet is a lack of memory.
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
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    // libjpeg takes a pointer to what it does not change.
    JSAMPROW row = const_cast<JSAMPROW>(picture.pixels.data()) +
                   std::size_t{info.next_scanline} * picture.width * 3;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const std::unique_ptr<unsigned char, decltype(&std::free)> owner(bytes, &std::free);
  write_bytes(path, {bytes, size});
}

void write_png(const std::filesystem::path& path, const Image& picture) {
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(SPNG_CTX_ENCODER),
                                                                    &spng_ctx_free);
  if (!context) throw std::bad_alloc();
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(picture.width);
  header.height = static_cast<std::uint32_t>(picture.height);
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  spng_set_ihdr(context.get(), &header);
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  spng_set_option(context.get(), SPNG_IMG_COMPRESSION_LEVEL, 1);
  spng_set_option(context.get(), SPNG_FILTER_CHOICE, SPNG_FILTER_CHOICE_SUB);
  int error = spng_encode_image(context.get(), picture.pixels.data(), picture.byte_count(),
                                SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
  std::size_t size = 0;
  void* bytes = error == 0 ? spng_get_png_buffer(context.get(), &size, &error) : nullptr;
  const std::unique_ptr<void, decltype(&std::free)> owner(bytes, &std::free);
  if (error != 0) {
    throw Error(ErrorKind::bug, "cannot encode a PNG: " + std::string(spng_strerror(error)));
  }
  write_bytes(path, {static_cast<const unsigned char*>(bytes), size});
}

}  // namespace mat
