// libjpeg-turbo through its libjpeg interface: TurboJPEG's own does not tell how much of a damaged
// picture was decoded, nor does it hand out the EXIF segment.
#include <csetjmp>
#include <cstdio>
// jpeglib.h needs stdio.h before it.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <cstring>

#include "core/image/formats.h"
#include "core/image/orientation.h"

namespace mat {
namespace {

constexpr int kMaxComponents = 4;
constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr unsigned kMaxSegment = 0xffff;

// Every scan of a progressive picture passes over all its blocks, however few bytes it has. Ten are
// usual; these bound the time that a hostile file can take.
constexpr std::int64_t kMaxScans = 100;
constexpr std::int64_t kFewestMaxScans = 16;
constexpr std::int64_t kMaxScannedPixels = 4'000'000'000;

class JpegReader {
 public:
  explicit JpegReader(Bytes bytes);
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  int decode(const DecodeOptions& options, DecodeResult& result);

  // How many bytes hold the scans that came to their end, when what follows them made decode()
  // fail; otherwise 0.
  std::size_t bytes_to_retry() const { return failed_ ? whole_scans_ : 0; }

 private:
  static JpegReader& of(j_common_ptr info) { return *static_cast<JpegReader*>(info->client_data); }
  static JpegReader& of(j_decompress_ptr info) { return of(reinterpret_cast<j_common_ptr>(info)); }

  // libjpeg's callbacks.
  static void on_error(j_common_ptr info);
  static void on_message(j_common_ptr info, int level);
  static void on_progress(j_common_ptr info);
  static boolean on_end_of_bytes(j_decompress_ptr info);
  static void on_skip(j_decompress_ptr info, long count);

  template <class Step>
  bool attempt(Step step);
  bool could_hold_half() const;
  bool has_usable_colors(DecodeResult& result) const;
  void start(const DecodeOptions& options, const DecodeResult& result);
  void read_rows(Image& image);
  void judge(DecodeResult& result) const;
  int orientation() const;

  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf escape_;
  char error_[JMSG_LENGTH_MAX] = "";
  std::size_t size_;
  std::int64_t max_scans_ = kMaxScans;
  JSAMPROW cmyk_row_ = nullptr;

  bool many_scans_ = false;
  bool failed_ = false;
  std::size_t whole_scans_ = 0;
  bool exhausted_ = false;  // libjpeg asked for more bytes than there are
  bool cut_short_ = false;  // …or for more data than a scan has
  bool damaged_ = false;
  JDIMENSION rows_when_cut_ = 0;          // of one scan
  JDIMENSION seen_[kMaxComponents] = {};  // of many scans: rows of blocks, until it was cut
};

JpegReader::JpegReader(Bytes bytes) : size_(bytes.size()) {
  info_.err = jpeg_std_error(&errors_);
  info_.client_data = this;
  errors_.error_exit = &on_error;
  errors_.emit_message = &on_message;
  source_.next_input_byte = bytes.data();
  source_.bytes_in_buffer = bytes.size();
  source_.init_source = [](j_decompress_ptr) {};
  source_.term_source = [](j_decompress_ptr) {};
  source_.fill_input_buffer = &on_end_of_bytes;
  source_.skip_input_data = &on_skip;
  source_.resync_to_restart = &jpeg_resync_to_restart;
  progress_.progress_monitor = &on_progress;
}

// Runs a step that calls libjpeg; false if that reported an error. Errors leave by longjmp: nothing
// on the way here may need a destructor, and libjpeg is called from nowhere else.
template <class Step>
[[gnu::noinline]] bool JpegReader::attempt(Step step) {
  if (setjmp(escape_) != 0) return false;
  step();
  return true;
}

void JpegReader::on_error(j_common_ptr info) {
  JpegReader& reader = of(info);
  info->err->format_message(info, reader.error_);
  std::longjmp(reader.escape_, 1);
}

void JpegReader::on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  JpegReader& reader = of(info);
  switch (info->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_BOGUS_ICC:
      return;  // says nothing about the pixels
    case JWRN_HIT_MARKER:
      // After a restart marker that comes too early the data goes on; after any other it is over.
      if (reader.info_.unread_marker < JPEG_RST0 || reader.info_.unread_marker > JPEG_RST0 + 7) {
        if (!reader.cut_short_) reader.rows_when_cut_ = reader.info_.output_scanline;
        reader.cut_short_ = true;
        return;
      }
  }
  reader.damaged_ = true;
}

// Remembers how far each component has come, which libjpeg does not: with many scans it reads them
// all before the first row comes out.
void JpegReader::on_progress(j_common_ptr info) {
  JpegReader& reader = of(info);
  const jpeg_decompress_struct& jpeg = reader.info_;
  if (jpeg.input_scan_number > reader.max_scans_) {
    std::snprintf(reader.error_, sizeof reader.error_, "more than %d scans",
                  static_cast<int>(reader.max_scans_));
    reader.whole_scans_ = 0;
    std::longjmp(reader.escape_, 1);
  }
  if (reader.cut_short_) return;
  if (jpeg.input_iMCU_row == jpeg.total_iMCU_rows && !reader.exhausted_) {
    // The marker that ended the scan has been read already.
    const std::size_t marker = jpeg.unread_marker != 0 ? 2 : 0;
    reader.whole_scans_ = reader.size_ - reader.source_.bytes_in_buffer - marker;
  }
  for (int i = 0; i < jpeg.comps_in_scan; ++i) {
    JDIMENSION& seen = reader.seen_[jpeg.cur_comp_info[i]->component_index];
    seen = std::max(seen, jpeg.input_iMCU_row);
  }
}

boolean JpegReader::on_end_of_bytes(j_decompress_ptr info) {
  static const JOCTET kEndOfImage[] = {0xff, JPEG_EOI};
  JpegReader& reader = of(info);
  reader.exhausted_ = true;
  // The arithmetic decoder pads with zeros and does not warn.
  if (info->arith_code && !reader.cut_short_) {
    reader.rows_when_cut_ = info->output_scanline;
    reader.cut_short_ = true;
  }
  info->src->next_input_byte = kEndOfImage;
  info->src->bytes_in_buffer = sizeof kEndOfImage;
  return TRUE;
}

void JpegReader::on_skip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  jpeg_source_mgr& source = *info->src;
  if (static_cast<std::size_t>(count) > source.bytes_in_buffer) {
    on_end_of_bytes(info);
    return;
  }
  source.next_input_byte += count;
  source.bytes_in_buffer -= count;
}

// A header may promise any number of pixels in a few bytes. A Huffman code has at least one bit and
// a block at least one code: what cannot hold even half of the blocks is refused before anything is
// allocated for them.
bool JpegReader::could_hold_half() const {
  if (info_.arith_code) return true;
  std::int64_t blocks = 0;
  for (int i = 0; i < info_.num_components; ++i) {
    blocks +=
        std::int64_t{info_.comp_info[i].width_in_blocks} * info_.comp_info[i].height_in_blocks;
  }
  return static_cast<std::int64_t>(size_) * 8 >= blocks / 2;
}

bool JpegReader::has_usable_colors(DecodeResult& result) const {
  if (info_.num_components == 1 || info_.num_components == 3 || info_.num_components == 4) {
    if (info_.jpeg_color_space != JCS_UNKNOWN) return true;
  }
  result.problem =
      "a JPEG of " + std::to_string(info_.num_components) + " colour components of unknown meaning";
  return false;
}

// Only halves, quarters and eighths: for these libjpeg-turbo has fast code.
unsigned scale_divisor(int short_side, int wanted) {
  if (wanted <= 0) return 1;
  for (const int divisor : {8, 4, 2}) {
    if (short_side / divisor / 2 >= wanted) return divisor;
  }
  return 1;
}

void JpegReader::start(const DecodeOptions& options, const DecodeResult& result) {
  const bool cmyk = info_.num_components == 4;
  info_.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  info_.scale_num = 1;
  info_.scale_denom = scale_divisor(std::min(result.original_width, result.original_height),
                                    options.wanted_short_side);
  many_scans_ = jpeg_has_multiple_scans(&info_);
  max_scans_ =
      std::clamp(kMaxScannedPixels / (std::int64_t{result.original_width} * result.original_height),
                 kFewestMaxScans, kMaxScans);
  jpeg_start_decompress(&info_);
  if (cmyk) {
    cmyk_row_ = static_cast<JSAMPROW>(info_.mem->alloc_large(
        reinterpret_cast<j_common_ptr>(&info_), JPOOL_IMAGE, std::size_t{info_.output_width} * 4));
  }
}

// As Pillow does it: the inks are taken to be inverted, as Adobe's programs write them.
void cmyk_to_rgb(const JSAMPLE* from, std::uint8_t* to, JDIMENSION width) {
  for (JDIMENSION x = 0; x < width; ++x, from += 4, to += 3) {
    const int light = from[3];
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - from[c]) * light + 128;
      to[c] = static_cast<std::uint8_t>(light - ((product + (product >> 8)) >> 8));
    }
  }
}

void JpegReader::read_rows(Image& image) {
  const std::size_t stride = static_cast<std::size_t>(image.width) * 3;
  while (info_.output_scanline < info_.output_height) {
    std::uint8_t* out = image.pixels.data() + info_.output_scanline * stride;
    JSAMPROW row = cmyk_row_ != nullptr ? cmyk_row_ : out;
    jpeg_read_scanlines(&info_, &row, 1);
    if (cmyk_row_ != nullptr) cmyk_to_rgb(cmyk_row_, out, info_.output_width);
    const bool hopeless = cut_short_ && !many_scans_ && rows_when_cut_ < info_.output_height / 2;
    if (hopeless) return;
  }
}

void JpegReader::judge(DecodeResult& result) const {
  const std::string how = exhausted_ ? "the JPEG ends early" : "damaged JPEG";
  if (many_scans_) {
    const JDIMENSION rows = *std::min_element(seen_, seen_ + info_.num_components);
    if (rows < info_.total_iMCU_rows) {
      judge_partial(rows, info_.total_iMCU_rows, how, result);
    } else if (exhausted_ || cut_short_) {
      result.warning = how + ": the finest detail may be missing";
    }
  } else if (cut_short_) {
    judge_partial(rows_when_cut_, info_.output_height, how, result);
  } else if (info_.output_scanline < info_.output_height) {
    judge_partial(info_.output_scanline, info_.output_height, how, result);
  }
  if (result.ok() && result.warning.empty() && damaged_) {
    result.warning = "damaged JPEG: some pixels are wrong";
  }
}

int JpegReader::orientation() const {
  constexpr char kStart[] = "Exif\0";
  constexpr std::size_t kStartSize = 6;
  for (jpeg_saved_marker_ptr marker = info_.marker_list; marker != nullptr; marker = marker->next) {
    if (marker->data_length <= kStartSize || std::memcmp(marker->data, kStart, kStartSize) != 0) {
      continue;
    }
    return exif_orientation({marker->data + kStartSize, marker->data_length - kStartSize});
  }
  return 1;
}

int JpegReader::decode(const DecodeOptions& options, DecodeResult& result) {
  const auto damaged = [&] { return std::string("damaged JPEG (") + error_ + ")"; };
  const bool has_header = attempt([&] {
    jpeg_create_decompress(&info_);
    info_.src = &source_;
    info_.progress = &progress_;
    jpeg_save_markers(&info_, kExifMarker, kMaxSegment);
    jpeg_read_header(&info_, TRUE);
  });
  if (!has_header) {
    result.problem = exhausted_ ? "the JPEG ends before its picture begins" : damaged();
    return 1;
  }
  if (!accept_size(info_.image_width, info_.image_height, options, result)) return 1;
  if (!has_usable_colors(result)) return 1;
  if (info_.num_components == 4) result.traits |= trait_cmyk;
  if (!could_hold_half()) {
    result.problem = "the JPEG ends early: it is too short for its size in pixels";
    return 1;
  }
  if (!attempt([&] { start(options, result); })) {
    failed_ = true;
    result.problem = damaged();
    return 1;
  }
  allocate(static_cast<int>(info_.output_width), static_cast<int>(info_.output_height), result);
  if (!attempt([&] { read_rows(result.image); })) damaged_ = true;
  judge(result);
  return orientation();
}

}  // namespace

int decode_jpeg(Bytes bytes, const DecodeOptions& options, DecodeResult& result) {
  std::size_t bytes_to_retry = 0;
  {
    JpegReader reader(bytes);
    const int orientation = reader.decode(options, result);
    bytes_to_retry = reader.bytes_to_retry();
    if (bytes_to_retry == 0) return orientation;
  }
  // libjpeg cannot go on after an error, such as a table cut short between two scans.
  result.problem.clear();
  return JpegReader(bytes.first(bytes_to_retry)).decode(options, result);
}

}  // namespace mat
