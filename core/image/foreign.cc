#include <algorithm>
#include <cctype>
#include <string_view>

#include "core/image/formats.h"

namespace mat {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t at;
  std::string_view bytes;
  const char* name;
};

// Pictures of other kinds that people keep among their photographs.
constexpr Signature kPictures[] = {
    {0, "GIF8"sv, "a GIF"},
    {8, "WEBP"sv, "a WebP"},
    {0, "II*\0"sv, "a TIFF"},
    {0, "MM\0*"sv, "a TIFF"},
    {0, "II+\0"sv, "a BigTIFF"},
    {0, "MM\0+"sv, "a BigTIFF"},
    {4, "ftypavi"sv, "an AVIF"},
    {4, "ftyphei"sv, "a HEIC"},
    {4, "ftyphev"sv, "a HEIC"},
    {4, "ftypmif1"sv, "a HEIF"},
    {4, "ftypcrx"sv, "a camera's raw picture"},
    {0, "\xff\x0a"sv, "a JPEG XL"},
    {0, "\0\0\0\x0cJXL "sv, "a JPEG XL"},
    {0, "\0\0\0\x0cjP  "sv, "a JPEG 2000"},
    {0, "\xff\x4f\xff\x51"sv, "a JPEG 2000"},
    {0, "8BPS"sv, "a Photoshop picture"},
    {0, "\0\0\1\0"sv, "an icon"},
    {0, "<svg"sv, "an SVG drawing"},
};

constexpr Signature kOthers[] = {
    {0, "version https://git-lfs.github.com"sv, "a Git LFS pointer; fetch it with 'git lfs pull'"},
    {0, "\0\x05\x16\x07"sv, "a macOS side file (AppleDouble)"},
    {0, "%PDF-"sv, "a PDF document"},
    {0, "PK\3\4"sv, "a ZIP archive"},
    {0, "\x1f\x8b"sv, "a gzip archive"},
    {0, "<?xml"sv, "an XML document"},
    {4, "ftyp"sv, "a video"},
};

template <std::size_t N>
const char* find(const Signature (&signatures)[N], std::string_view text) {
  for (const Signature& signature : signatures) {
    if (text.size() >= signature.at && text.substr(signature.at).starts_with(signature.bytes)) {
      return signature.name;
    }
  }
  return nullptr;
}

bool is_netpbm(std::string_view text) {
  return text.size() >= 3 && text[0] == 'P' && text[1] >= '1' && text[1] <= '7' &&
         std::isspace(static_cast<unsigned char>(text[2]));
}

bool is_html(std::string_view text) {
  std::string start(text.substr(0, 64));
  std::transform(start.begin(), start.end(), start.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  start.erase(0, std::min(start.find_first_not_of(" \t\r\n\xef\xbb\xbf"), start.size()));
  return start.starts_with("<!doctype html") || start.starts_with("<html") ||
         start.starts_with("<head");
}

bool is_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) {
    return c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f';
  });
}

}  // namespace

std::string describe_foreign(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              std::min<std::size_t>(bytes.size(), 512));
  if (text.empty()) return "not a picture (an empty file)";
  const char* picture = is_netpbm(text) ? "a PPM or PGM" : find(kPictures, text);
  if (picture != nullptr) return std::string(picture) + "; convert it to JPEG or PNG";
  if (const char* other = find(kOthers, text)) return std::string("not a picture (") + other + ")";
  if (is_html(text)) return "not a picture (a web page)";
  if (is_text(text)) return "not a picture (text)";
  if (std::all_of(text.begin(), text.end(), [](char c) { return c == '\0'; })) {
    return "not a picture (zero bytes)";
  }
  return "not a picture (neither JPEG, PNG nor BMP)";
}

}  // namespace mat
