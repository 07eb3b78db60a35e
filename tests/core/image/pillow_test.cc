#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <string>

#include "core/image/decode.h"
#include "core/image/resize.h"
#include "tests/core/image/sample_pictures.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

// The exit status of the script that makes the references; 127 when there is no Python.
int make_references(const TempFolder& folder) {
  std::vector<std::string> words = {"/usr/bin/python3",
                                    MAT_TESTS_FOLDER "/core/image/pillow_reference.py",
                                    folder.path().string()};
  if (const auto odd = odd_images()) words.push_back(odd->string());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (::posix_spawn(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) {
    return 127;
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

class References {
 public:
  References(const TempFolder& folder, std::istream& line) : folder_(folder), line_(line) {}

  template <class T>
  T next() {
    T value{};
    line_ >> value;
    REQUIRE(line_);
    return value;
  }
  Image picture(const std::string& name, int width, int height) const {
    return {width, height, read_bytes(folder_ / name)};
  }
  ByteVector bytes(const std::string& name) const { return read_bytes(folder_ / name); }

 private:
  const TempFolder& folder_;
  std::istream& line_;
};

void compare_decoding(References& references) {
  const auto file = references.next<std::string>();
  const int width = references.next<int>(), height = references.next<int>();
  const Image expected = references.picture(references.next<std::string>(), width, height);
  const int tolerance = references.next<int>();
  const DecodeResult result = decode_image(references.bytes(file));
  CAPTURE(file, width, height, result.problem, result.warning);
  CHECK(result.image.width == width);
  CHECK(result.image.height == height);
  CHECK(difference(result.image, expected).greatest <= tolerance);
}

void compare_resizing(References& references) {
  const auto source = references.next<std::string>();
  const int width = references.next<int>(), height = references.next<int>();
  Box box;
  for (float* edge : {&box.left, &box.top, &box.right, &box.bottom}) {
    *edge = references.next<float>();
  }
  const int new_width = references.next<int>(), new_height = references.next<int>();
  const Image expected = references.picture(references.next<std::string>(), new_width, new_height);
  const Image picture = references.picture(source, width, height);
  Image result{new_width, new_height, ByteVector(expected.pixels.size())};
  ResizeScratch scratch;
  resize_bilinear(picture, box, new_width, new_height, result.pixels.data(), scratch);
  const Difference apart = difference(result, expected);
  CAPTURE(source, width, height, box.left, box.top, box.right, box.bottom, new_width, new_height);
  CHECK(apart.greatest <= 1);
  // Only roundings that fall the other way.
  CHECK(apart.mean < 0.05);
}

TEST_CASE("pictures decode as Pillow decodes them and resize to within one grey level") {
  const TempFolder folder;
  const int status = make_references(folder);
  if (status == 127 || status == 77) {
    std::cerr << "WARNING: not compared with Pillow, which /usr/bin/python3 does not have "
                 "(apt-get install python3-pil)\n";
    return;
  }
  REQUIRE(status == 0);
  std::ifstream cases(folder / "cases.txt");
  References references(folder, cases);
  int decoded = 0, resized = 0;
  for (std::string kind; cases >> kind;) {
    if (kind == "decode") {
      compare_decoding(references);
      ++decoded;
    } else {
      REQUIRE(kind == "resize");
      compare_resizing(references);
      ++resized;
    }
  }
  CHECK(decoded >= 96);
  CHECK(resized >= 100);
}

}  // namespace
}  // namespace mat
