#include "core/dataset/description.h"

#include <catch2/catch.hpp>

#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

struct Described {
  Json json;
  std::string fingerprint;
};

Described describe(const fs::path& root, std::uint64_t seed = 0) {
  TempFolder cache_folder;
  const PictureSet folder = read_image_folder(root, {0.25, seed});
  PixelCache cache(cache_folder.path(), 16);
  const auto pictures = cache.load(files_of(folder), 1, {}, nullptr);
  return {describe_dataset(folder, pictures), dataset_fingerprint(folder, pictures)};
}

void put_pictures(const fs::path& folder, int count, std::uint32_t color) {
  for (int i = 0; i < count; ++i) {
    put_file(folder / (std::to_string(i) + ".bmp"), bmp_of_color(8, 8, color + i));
  }
}

TEST_CASE("a data folder is described by its classes, counts and fingerprint") {
  TempFolder data;
  put_pictures(data / "set/train/cat", 3, 0x100000);
  put_pictures(data / "set/train/dog", 4, 0x200000);
  put_pictures(data / "set/val/cat", 2, 0x300000);
  put_pictures(data / "set/test/dog", 1, 0x400000);
  put_file(data / "set/val/dog/broken.jpg", "no picture");
  const Described described = describe(data / "set");
  Json expected = Json::parse(R"({
    "root": "", "fingerprint": "", "classes": ["cat", "dog"],
    "train": 7, "validation": 2, "test": 1, "unreadable": 1,
    "per_class": {"cat": {"train": 3, "validation": 2, "test": 0, "unreadable": 0},
                  "dog": {"train": 4, "validation": 0, "test": 1, "unreadable": 1}}})");
  expected["root"] = (data / "set").string();
  expected["fingerprint"] = described.fingerprint;
  CHECK(described.json.dump() == expected.dump());
  CHECK(described.fingerprint.size() == 32);
}

TEST_CASE("the fingerprint follows the data and nothing else") {
  TempFolder data;
  put_pictures(data / "set/cat", 4, 0x100000);
  put_pictures(data / "set/dog", 4, 0x200000);
  put_file(data / "set/dog/broken.jpg", "no picture");
  const std::string before = describe(data / "set").fingerprint;

  SECTION("the same data elsewhere has the same one, however it is split") {
    fs::copy(data / "set", data / "copy", fs::copy_options::recursive);
    CHECK(describe(data / "copy", 7).fingerprint == before);
  }
  SECTION("a changed picture") { put_file(data / "set/cat/0.bmp", bmp_of_color(8, 8, 0x999999)); }
  SECTION("an added picture") { put_file(data / "set/cat/4.bmp", bmp_of_color(8, 8, 0x100000)); }
  SECTION("a removed picture") { fs::remove(data / "set/cat/0.bmp"); }
  SECTION("a renamed picture") { fs::rename(data / "set/cat/0.bmp", data / "set/cat/x.bmp"); }
  SECTION("a picture of another class") {
    fs::rename(data / "set/cat/0.bmp", data / "set/dog/x.bmp");
  }
  SECTION("other bytes that are no picture either") {
    put_file(data / "set/dog/broken.jpg", "still no picture");
  }
  const bool is_copy = fs::exists(data / "copy");
  CHECK((describe(data / "set").fingerprint == before) == is_copy);
}

}  // namespace
}  // namespace mat
