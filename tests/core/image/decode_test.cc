#include "core/image/decode.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "tests/core/image/sample_pictures.h"

namespace mat {
namespace {

using Catch::Contains;

DecodeResult decode_text(const std::string& text) {
  return decode_image(ByteVector(text.begin(), text.end()));
}

struct OddImage {
  std::string file, expected, format, size;
};

std::vector<OddImage> read_manifest(const std::filesystem::path& folder) {
  std::ifstream file(folder / "MANIFEST.tsv");
  std::vector<OddImage> images;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> fields;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
    fields.resize(11);
    images.push_back({fields[0], fields[3], fields[5], fields[7]});
  }
  return images;
}

bool is_read(const std::string& format) {
  return format == "JPEG" || format == "MPO" || format == "PNG" || format == "BMP";
}

// Runs `work` in a process that may take only so much more memory; whether it returned true.
bool holds_within(std::size_t more_bytes, const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t now = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    rlimit bounds{now, now + more_bytes};
    bool limited = ::setrlimit(RLIMIT_AS, &bounds) == 0;
    // What earlier tests have freed would be more.
    for (std::size_t size = std::size_t{1} << 30; size >= 1 << 16; size /= 2) {
      // Volatile, or a compiler may leave out what nobody uses.
      for (void* volatile taken = std::malloc(size); taken != nullptr;) taken = std::malloc(size);
    }
    bounds.rlim_cur = bounds.rlim_max;
    limited = limited && ::setrlimit(RLIMIT_AS, &bounds) == 0;
    ::_exit(limited && work() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("every odd picture decodes or is refused as its list says") {
  const auto folder = odd_images();
  if (!folder) return;
  const std::vector<OddImage> images = read_manifest(*folder);
  CHECK(images.size() >= 85);
  for (const OddImage& image : images) {
    const DecodeResult result = decode_image(read_bytes(*folder / image.file));
    CAPTURE(image.file, image.expected, result.problem, result.warning);
    CHECK(result.ok() == (result.image.pixels.size() > 0));
    CHECK(result.image.pixels.size() == result.image.byte_count());
    if (image.expected.starts_with("decodes") && is_read(image.format)) {
      CHECK(result.problem == "");
      CHECK(result.warning == "");
      const std::string stored =
          std::to_string(result.image.width) + "x" + std::to_string(result.image.height);
      const std::string turned =
          std::to_string(result.image.height) + "x" + std::to_string(result.image.width);
      CHECK((stored == image.size || turned == image.size));
    } else if (image.expected.starts_with("decodes")) {
      CHECK_THAT(result.problem, Contains("convert it to JPEG or PNG"));
    } else if (image.expected.find("partial") != std::string::npos ||
               image.expected.starts_with("wrong pixels")) {
      CHECK((!result.problem.empty() || !result.warning.empty()));
    } else {
      CHECK(result.problem != "");
    }
  }
}

TEST_CASE("no odd picture takes much memory, and none that is refused much at all") {
  const auto folder = odd_images();
  if (!folder) return;
  for (const OddImage& image : read_manifest(*folder)) {
    CAPTURE(image.file);
    const ByteVector bytes = read_bytes(*folder / image.file);
    CHECK(holds_within(std::size_t{32} << 20, [&] {
      return decode_image(bytes).problem.find("memory") == std::string::npos;
    }));
  }
}

TEST_CASE(
    "a few bytes that unpack to a large picture are refused by its pixels, or by the memory") {
  const ByteVector png = encode_png({6000, 4000, ByteVector(std::size_t{6000} * 4000 * 3, 0)});
  REQUIRE(png.size() < 200'000);
  CHECK(decode_image(png).ok());
  CHECK(holds_within(std::size_t{4} << 20, [&] {
    return decode_image(png, {.max_pixels = 1'000'000}).problem.find("too many") !=
           std::string::npos;
  }));
  CHECK(holds_within(std::size_t{16} << 20, [&] {
    return decode_image(png).problem == "too large for the memory of this machine";
  }));
}

TEST_CASE("the eight orientations of one photograph look alike when upright") {
  const auto folder = odd_images();
  if (!folder) return;
  const Image reference = decode_image(read_bytes(*folder / "valid/hopper.jpg")).image;
  for (int orientation = 2; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    const std::string name = "valid/hopper_orientation_" + std::to_string(orientation) + ".jpg";
    const Image image = decode_image(read_bytes(*folder / name)).image;
    // They were compressed anew; turned the wrong way, the mean is above 40.
    CHECK(difference(image, reference).mean < 8);
  }
}

TEST_CASE("what is no picture is called by its name") {
  const std::map<std::string, std::string> names = {
      {"", "an empty file"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "Git LFS pointer"},
      {"\n <!DOCTYPE html><title>404</title>", "a web page"},
      {"<html>", "a web page"},
      {"just words", "text"},
      {"BM is how this text begins", "text"},
      {"%PDF-1.7", "a PDF"},
      {"PK\3\4 and more", "a ZIP archive"},
      {"GIF89a\1", "a GIF; convert it to JPEG or PNG"},
      {std::string("RIFF\0\0\0\0WEBPVP8 ", 16), "a WebP; convert it to JPEG or PNG"},
      {std::string("II*\0\x08\0\0\0", 8), "a TIFF; convert it to JPEG or PNG"},
      {"P6\n2 2\n255\n", "a PPM or PGM; convert it to JPEG or PNG"},
      {std::string("\0\0\0\x1c"
                   "ftypheic\0\0\0\0",
                   16),
       "a HEIC; convert it to JPEG or PNG"},
      {std::string("\0\0\0\x1c"
                   "ftypavif\0\0\0\0",
                   16),
       "an AVIF; convert it to JPEG or PNG"},
      {std::string(64, '\0'), "zero bytes"},
      {"\1\2\3\4\5\6\7\x08", "neither JPEG, PNG nor BMP"}};
  for (const auto& [bytes, name] : names) {
    CHECK_THAT(decode_text(bytes).problem, Contains(name));
  }
}

TEST_CASE("formats are told apart by their bytes and have names") {
  CHECK(sniff_format(encode_jpeg(gradient(2, 2))) == ImageFormat::jpeg);
  CHECK(sniff_format(encode_png(gradient(2, 2))) == ImageFormat::png);
  CHECK(sniff_format({}) == ImageFormat::unknown);
  CHECK(std::string(name_of(ImageFormat::webp)) == "WebP");
  CHECK(std::string(name_of(ImageFormat::unknown)) == "unknown");
}

TEST_CASE("a picture that is cut at any byte is decoded or refused, never a crash") {
  const Image picture = gradient(24, 20);
  for (const ByteVector& whole :
       {encode_jpeg(picture), encode_jpeg(picture, {.progressive = true}), encode_png(picture)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const ByteVector bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const DecodeResult result = decode_image(bytes);
      CHECK(result.ok() == (result.image.pixels.size() == picture.pixels.size()));
    }
  }
}

}  // namespace
}  // namespace mat
