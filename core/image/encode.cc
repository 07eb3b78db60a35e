#include "core/image/encode.h"

#include <csetjmp>
#include <cstdio>
// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>
#include <spng.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "core/base/error.h"

namespace mat {
namespace {

struct Writer {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  std::jmp_buf escape;
  char error[JMSG_LENGTH_MAX] = "";
  unsigned char* bytes = nullptr;
  unsigned long size = 0;

  ~Writer() {
    jpeg_destroy_compress(&info);
    std::free(bytes);
  }
};

void on_error(j_common_ptr info) {
  auto& writer = *static_cast<Writer*>(info->client_data);
  info->err->format_message(info, writer.error);
  std::longjmp(writer.escape, 1);
}

// False when libjpeg reported an error. Errors leave by longjmp: nothing on the way here may need a
// destructor.
[[gnu::noinline]] bool write(Writer& writer, const ImageView& picture, int quality) {
  if (setjmp(writer.escape) != 0) return false;
  jpeg_compress_struct& info = writer.info;
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &writer.bytes, &writer.size);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    // libjpeg takes a pointer to what it does not change.
    JSAMPROW row = const_cast<JSAMPROW>(picture.pixels) +
                   std::size_t{info.next_scanline} * info.image_width * 3;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  return true;
}

}  // namespace

std::vector<std::uint8_t> to_jpeg(const ImageView& picture, int quality) {
  Writer writer;
  writer.info.err = jpeg_std_error(&writer.errors);
  writer.info.client_data = &writer;
  writer.errors.error_exit = &on_error;
  if (!write(writer, picture, quality)) {
    throw Error(ErrorKind::bug, std::string("cannot encode a JPEG: ") + writer.error);
  }
  return {writer.bytes, writer.bytes + writer.size};
}

std::vector<std::uint8_t> to_png(const ImageView& picture) {
  const auto must = [](int error) {
    if (error == SPNG_EMEM) throw std::bad_alloc();
    if (error == 0) return;
    throw Error(ErrorKind::bug, std::string("cannot encode a PNG: ") + spng_strerror(error));
  };
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(SPNG_CTX_ENCODER),
                                                                    &spng_ctx_free);
  if (!context) throw std::bad_alloc();
  must(spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1));
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(picture.width);
  header.height = static_cast<std::uint32_t>(picture.height);
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  must(spng_set_ihdr(context.get(), &header));
  const std::size_t bytes = static_cast<std::size_t>(picture.width) * picture.height * 3;
  must(spng_encode_image(context.get(), picture.pixels, bytes, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE));
  std::size_t size = 0;
  int error = 0;
  const std::unique_ptr<void, decltype(&std::free)> buffer(
      spng_get_png_buffer(context.get(), &size, &error), &std::free);
  must(error);
  const auto* first = static_cast<const std::uint8_t*>(buffer.get());
  return {first, first + size};
}

}  // namespace mat
