#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <climits>

#include "core/image/formats.h"

namespace mat {
namespace {

constexpr std::size_t kFileHeader = 14;

// How pixels are packed.
constexpr std::uint32_t kNone = 0, kRle8 = 1, kRle4 = 2, kFields = 3, kAlphaFields = 6;

struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;
};

// One colour of a pixel whose bits are given by masks.
struct Field {
  std::uint32_t mask = 0;

  std::uint8_t of(std::uint32_t pixel) const {
    if (mask == 0) return 0;
    const int shift = std::countr_zero(mask);
    const std::uint64_t value = (pixel & mask) >> shift;
    return static_cast<std::uint8_t>(value * 255 / (mask >> shift));
  }
};

class BmpReader {
 public:
  explicit BmpReader(Bytes bytes) : bytes_(bytes) {}
  void decode(const DecodeOptions& options, DecodeResult& result);

 private:
  // Little-endian numbers; places beyond the end read as zero.
  std::uint32_t byte(std::size_t at) const { return at < bytes_.size() ? bytes_[at] : 0; }
  std::uint32_t u16(std::size_t at) const { return byte(at) | byte(at + 1) << 8; }
  std::uint32_t u32(std::size_t at) const { return u16(at) | u16(at + 2) << 16; }

  bool read_header(const DecodeOptions& options, DecodeResult& result);
  bool knows_encoding(DecodeResult& result) const;
  void read_fields(std::size_t header_size);
  void read_palette(std::size_t at, std::size_t entry_size);
  std::uint8_t* row(int y, DecodeResult& result) const;
  void set(std::uint8_t* to, const Rgb& color) const;
  void decode_row(const std::uint8_t* from, std::uint8_t* to) const;
  void decode_plain(DecodeResult& result) const;
  void decode_runs(DecodeResult& result) const;

  Bytes bytes_;
  std::int64_t width_ = 0, height_ = 0;
  bool top_down_ = false;
  std::uint32_t bits_ = 0, compression_ = kNone;
  std::size_t pixels_at_ = 0;
  std::array<Rgb, 256> palette_{};
  Field red_, green_, blue_;
};

bool BmpReader::read_header(const DecodeOptions& options, DecodeResult& result) {
  const std::size_t header_size = u32(kFileHeader);
  const bool core = header_size == 12;  // of OS/2 1.x: 16-bit sizes, three-byte palette
  if (bytes_.size() < kFileHeader + header_size || (!core && header_size < 16)) {
    result.problem = "damaged BMP (its header is cut short)";
    return false;
  }
  if (core) {
    width_ = u16(18);
    height_ = u16(20);
    bits_ = u16(24);
  } else {
    width_ = static_cast<std::int32_t>(u32(18));
    height_ = static_cast<std::int32_t>(u32(22));
    top_down_ = height_ < 0;
    height_ = std::abs(height_);
    bits_ = u16(28);
    if (header_size >= 20) compression_ = u32(30);
  }
  if (!accept_size(width_, height_, options, result) || !knows_encoding(result)) return false;
  const std::size_t palette_at = kFileHeader + header_size;
  if (bits_ == 16 || bits_ == 32) read_fields(header_size);
  const std::size_t entry_size = core ? 3 : 4;
  std::size_t palette_end = palette_at;
  if (bits_ <= 8) {
    read_palette(palette_at, entry_size);
    const std::uint32_t declared = header_size >= 36 ? u32(46) : 0;
    palette_end += std::min<std::size_t>(declared == 0 ? 1u << bits_ : declared, 256) * entry_size;
  }
  pixels_at_ = u32(10);
  if (pixels_at_ == 0) pixels_at_ = palette_end;
  return true;
}

bool BmpReader::knows_encoding(DecodeResult& result) const {
  switch (compression_) {
    case kNone:
      if (bits_ == 1 || bits_ == 2 || bits_ == 4 || bits_ == 8 || bits_ == 16 || bits_ == 24 ||
          bits_ == 32) {
        return true;
      }
      break;
    case kRle8:
      if (bits_ == 8) return true;
      break;
    case kRle4:
      if (bits_ == 4) return true;
      break;
    case kFields:
    case kAlphaFields:
      if (bits_ == 16 || bits_ == 32) return true;
      break;
    default:
      break;
  }
  result.problem =
      fmt::format("a BMP of {} bits with compression {}, which is not read", bits_, compression_);
  return false;
}

void BmpReader::read_fields(std::size_t header_size) {
  if (compression_ == kNone) {
    red_.mask = bits_ == 16 ? 0x7c00 : 0xff0000;
    green_.mask = bits_ == 16 ? 0x03e0 : 0x00ff00;
    blue_.mask = bits_ == 16 ? 0x001f : 0x0000ff;
    return;
  }
  // Behind a header of 40 bytes, inside a longer one: the same place.
  constexpr std::size_t kMasks = kFileHeader + 40;
  if (header_size < 40) return;
  red_.mask = u32(kMasks);
  green_.mask = u32(kMasks + 4);
  blue_.mask = u32(kMasks + 8);
}

void BmpReader::read_palette(std::size_t at, std::size_t entry_size) {
  // An index beyond what the file has is black.
  for (std::size_t i = 0; i < (std::size_t{1} << bits_); ++i, at += entry_size) {
    palette_[i] = {static_cast<std::uint8_t>(byte(at + 2)), static_cast<std::uint8_t>(byte(at + 1)),
                   static_cast<std::uint8_t>(byte(at))};
  }
}

std::uint8_t* BmpReader::row(int y, DecodeResult& result) const {
  const std::int64_t place = top_down_ ? y : height_ - 1 - y;
  return result.image.pixels.data() + place * width_ * 3;
}

void BmpReader::set(std::uint8_t* to, const Rgb& color) const {
  to[0] = color.red;
  to[1] = color.green;
  to[2] = color.blue;
}

void BmpReader::decode_row(const std::uint8_t* from, std::uint8_t* to) const {
  for (std::int64_t x = 0; x < width_; ++x, to += 3) {
    if (bits_ <= 8) {
      const std::int64_t bit = x * bits_;
      const std::uint32_t shift = 8 - bits_ - bit % 8;
      set(to, palette_[from[bit / 8] >> shift & ((1u << bits_) - 1)]);
    } else if (bits_ == 24) {
      set(to, {from[x * 3 + 2], from[x * 3 + 1], from[x * 3]});
    } else {
      std::uint32_t pixel = 0;
      for (std::uint32_t i = bits_ / 8; i-- > 0;) pixel = pixel << 8 | from[x * (bits_ / 8) + i];
      set(to, {red_.of(pixel), green_.of(pixel), blue_.of(pixel)});
    }
  }
}

void BmpReader::decode_plain(DecodeResult& result) const {
  const std::int64_t stride = (width_ * bits_ + 31) / 32 * 4;
  const std::int64_t used = (width_ * bits_ + 7) / 8;
  const std::int64_t there =
      bytes_.size() > pixels_at_ ? static_cast<std::int64_t>(bytes_.size() - pixels_at_) : 0;
  // The padding of the last row may be missing.
  const std::int64_t rows = std::min((there + stride - used) / stride, height_);
  if (rows < height_) {
    judge_partial(rows, height_, "the BMP ends early", result);
    if (!result.ok()) return;
  }
  allocate(static_cast<int>(width_), static_cast<int>(height_), result);
  for (int y = 0; y < rows; ++y) {
    decode_row(bytes_.data() + pixels_at_ + y * stride, row(y, result));
  }
}

// Run lengths. A pixel that no run reaches has colour 0, and what runs over the edge is cut off.
void BmpReader::decode_runs(DecodeResult& result) const {
  // Two bytes make at most 255 pixels. Skipping could make more, but of nothing.
  if (static_cast<std::int64_t>(bytes_.size()) * 128 < width_ * height_ / 2) {
    result.problem = "the BMP ends early: it is too short for its size in pixels";
    return;
  }
  allocate(static_cast<int>(width_), static_cast<int>(height_), result);
  for (std::int64_t i = 0; i < width_ * height_; ++i) {
    set(result.image.pixels.data() + i * 3, palette_[0]);
  }
  std::int64_t x = 0, y = 0;
  std::size_t at = pixels_at_;
  const auto put = [&](std::uint32_t index) {
    if (x < width_) set(row(static_cast<int>(y), result) + x * 3, palette_[index]);
    ++x;
  };
  const auto nibble = [](std::uint32_t pair, std::uint32_t i) {
    return i % 2 == 0 ? pair >> 4 : pair & 15;
  };
  while (y < height_) {
    if (at + 2 > bytes_.size()) return judge_partial(y, height_, "the BMP ends early", result);
    const std::uint32_t count = byte(at), value = byte(at + 1);
    at += 2;
    if (count > 0) {
      for (std::uint32_t i = 0; i < count; ++i) put(bits_ == 8 ? value : nibble(value, i));
    } else if (value == 0) {
      x = 0;
      ++y;
    } else if (value == 1) {
      return;
    } else if (value == 2) {
      x += byte(at);
      y += byte(at + 1);
      at += 2;
    } else {
      const std::size_t size = bits_ == 8 ? value : (value + 1) / 2;
      for (std::uint32_t i = 0; i < value; ++i) {
        put(bits_ == 8 ? byte(at + i) : nibble(byte(at + i / 2), i));
      }
      at += (size + 1) / 2 * 2;
    }
  }
}

void BmpReader::decode(const DecodeOptions& options, DecodeResult& result) {
  if (!read_header(options, result)) return;
  if (compression_ == kRle8 || compression_ == kRle4) {
    decode_runs(result);
  } else {
    decode_plain(result);
  }
}

}  // namespace

int decode_bmp(Bytes bytes, const DecodeOptions& options, DecodeResult& result) {
  BmpReader(bytes).decode(options, result);
  return 1;
}

}  // namespace mat
