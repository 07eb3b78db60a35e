#include "core/inspect/near_duplicates.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <numeric>

#include "core/base/error.h"
#include "core/dataset/image_folder.h"
#include "core/image/decode.h"
#include "core/image/resize.h"
#include "core/inspect/picture_fingerprint.h"
#include "core/inspect/picture_likeness.h"
#include "tests/core/image/sample_pictures.h"
#include "tests/core/inspect/drawn_pictures.h"
#include "tests/temp_folder.h"

using namespace mat;

namespace {

// Pictures whose pixels are here, each of another content unless told otherwise.
class Pictures {
 public:
  void add(Image image, std::uint64_t content = 0) {
    images_.push_back(std::make_unique<Image>(std::move(image)));
    PixelCache::Picture picture;
    picture.view = *images_.back();
    picture.content_low = content != 0 ? content : 1000 + images_.size();
    list.push_back(picture);
  }

  std::vector<PixelCache::Picture> list;

 private:
  std::vector<std::unique_ptr<Image>> images_;
};

std::vector<int> groups_of(const std::vector<PixelCache::Picture>& pictures, int threads,
                           const InspectProgress& progress = {}) {
  std::vector<PictureFingerprints> fingerprints;
  ResizeScratch scratch;
  for (const auto& picture : pictures) {
    fingerprints.push_back(picture.view.pixels != nullptr ? fingerprints_of(picture.view, scratch)
                                                          : PictureFingerprints());
  }
  return near_duplicate_groups(pictures, fingerprints, threads, progress);
}

std::vector<int> each_alone(std::size_t count) {
  std::vector<int> groups(count);
  std::iota(groups.begin(), groups.end(), 0);
  return groups;
}

Image decoded(const ByteVector& bytes) { return decode_image(bytes).image; }

struct Change {
  const char* name;
  Image (*make)(const Image&);
};

// Each is encoded once more at quality 90.
const Change kChanges[] = {
    {"encoded at quality 50", [](const Image& i) { return decoded(encode_jpeg(i, {50})); }},
    {"half as large", [](const Image& i) { return resize_bilinear(i, i.width / 2, i.height / 2); }},
    {"squeezed to a square", [](const Image& i) { return resize_bilinear(i, 150, 150); }},
    {"brighter by 10 %", [](const Image& i) { return in_light(i, 1.1); }},
    {"darker by 20 %", [](const Image& i) { return in_light(i, 0.8); }},
    {"of more contrast", [](const Image& i) { return in_light(i, 1.2, -25); }},
    {"cropped by 3 % round", [](const Image& i) { return cropped(i, 0.015, 0.015, 0.015, 0.015); }},
    {"cropped by 3 % at a corner", [](const Image& i) { return cropped(i, 0.03, 0.03, 0, 0); }},
    {"mirrored", [](const Image& i) { return mirrored(i); }},
};

std::optional<std::filesystem::path> clothes() {
  const char* data = std::getenv("MAT_SHARED_DATA");
  if (data != nullptr && std::filesystem::exists(std::filesystem::path(data) / "clothes6")) {
    return std::filesystem::path(data) / "clothes6";
  }
  std::cerr << "WARNING: skipped, the photographs are not here (MAT_SHARED_DATA)\n";
  return std::nullopt;
}

}  // namespace

TEST_CASE("a picture changed a little is found again, and others are not taken for it") {
  for (const Change& change : kChanges) {
    INFO(change.name);
    Pictures pictures;
    for (unsigned seed = 0; seed < 30; ++seed) pictures.add(drawn_picture(seed));
    std::vector<int> expected = each_alone(30);
    for (unsigned seed = 0; seed < 30; ++seed) {
      pictures.add(decoded(encode_jpeg(change.make(drawn_picture(seed)), {90})));
      expected.push_back(static_cast<int>(seed));
    }
    CHECK(groups_of(pictures.list, 2) == expected);
  }
}

TEST_CASE("nearly blank pictures are alone, unless their content is the same") {
  Pictures pictures;
  for (int i = 0; i < 6; ++i) pictures.add(of_color(100, 100, static_cast<std::uint8_t>(40 * i)));
  pictures.add(of_color(100, 100, 250), 7);
  pictures.add(of_color(50, 100, 250), 7);
  auto expected = each_alone(8);
  expected[7] = 6;
  CHECK(groups_of(pictures.list, 1) == expected);
}

TEST_CASE("equal contents are one group even where there are no pixels; unknown ones are not") {
  Pictures pictures;
  pictures.add(drawn_picture(1), 5);
  pictures.list.push_back({});
  pictures.list.push_back({});
  pictures.list.push_back(pictures.list[0]);
  CHECK(groups_of(pictures.list, 1) == std::vector<int>{0, 1, 2, 0});
  CHECK(groups_of({}, 1).empty());
}

TEST_CASE("a detail that differs makes another picture") {
  Pictures pictures;
  const Image shirt = [] {
    Image image = of_color(160, 200, 245);
    for (int y = 40; y < 180; ++y) {
      for (int x = 40; x < 120; ++x) {
        for (int c = 0; c < 3; ++c) image.pixels[3 * (y * 160 + x) + c] = 205;
      }
    }
    return image;
  }();
  Image printed = shirt, red = shirt;
  for (int y = 70; y < 110; ++y) {
    for (int x = 60; x < 100; ++x) printed.pixels[3 * (y * 160 + x)] = 90;
  }
  for (int y = 40; y < 180; ++y) {
    for (int x = 40; x < 120; ++x) printed.pixels[3 * (y * 160 + x) + 2] = 204;
    for (int x = 40; x < 120; ++x) red.pixels[3 * (y * 160 + x) + 1] = 120;
  }
  for (const Image& image : {shirt, printed, red}) pictures.add(image);
  CHECK(groups_of(pictures.list, 1) == each_alone(3));
}

TEST_CASE("the same pictures give the same groups with any number of threads") {
  Pictures pictures;
  for (unsigned i = 0; i < 200; ++i) {
    pictures.add(in_light(drawn_picture(i % 60, 90, 70), 1 - 0.001 * i));
  }
  const auto groups = groups_of(pictures.list, 1);
  CHECK(std::count(groups.begin(), groups.end(), 7) > 1);
  CHECK(groups_of(pictures.list, 4) == groups);
}

TEST_CASE("comparing pictures can be interrupted") {
  Pictures pictures;
  pictures.add(drawn_picture(1));
  CHECK_THROWS_AS(groups_of(pictures.list, 1, [](std::int64_t, std::int64_t) { return false; }),
                  Error);
}

TEST_CASE("photographs changed a little are found again, and no two different ones are merged") {
  const auto folder = clothes();
  if (!folder) return;
  TempFolder temp;
  const PictureSet set = read_image_folder(*folder, {0, 0});
  PixelCache cache(temp / "cache", 144);
  const auto originals = cache.load(files_of(set), 2, {}, nullptr);
  CHECK(groups_of(originals, 2) == each_alone(originals.size()));

  constexpr std::size_t kEvery = 8;
  for (const Change& change : kChanges) {
    INFO(change.name);
    Pictures pictures;
    pictures.list = originals;
    std::vector<int> expected = each_alone(originals.size());
    for (std::size_t i = 0; i < originals.size(); i += kEvery) {
      const Image whole = decoded(read_bytes(set.samples[i].file));
      const Image changed = decoded(encode_jpeg(change.make(whole), {90}));
      pictures.add(shrink_to_short_side(changed, 144));
      expected.push_back(static_cast<int>(i));
    }
    CHECK(groups_of(pictures.list, 2) == expected);
  }
}
