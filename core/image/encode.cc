#include "core/image/encode.h"

#include <csetjmp>
#include <cstdio>
// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>

#include <cstdlib>
#include <memory>

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

}  // namespace mat
