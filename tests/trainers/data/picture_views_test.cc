#include "trainers/data/picture_views.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <vector>

#include "tests/trainers/catch.h"

namespace mat {
namespace {

// A picture in which every pixel tells where it is.
Image gradient(int width, int height) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.pixels.push_back(static_cast<std::uint8_t>(x * 255 / std::max(width - 1, 1)));
      image.pixels.push_back(static_cast<std::uint8_t>(y * 255 / std::max(height - 1, 1)));
      image.pixels.push_back(static_cast<std::uint8_t>((x * 7 + y * 13) % 251));
    }
  }
  return image;
}

Image evaluated(const Image& image, int size) {
  Image view{size, size, std::vector<std::uint8_t>(3 * size * size)};
  ResizeScratch scratch;
  evaluation_view(image, size, view.pixels.data(), scratch);
  return view;
}

// Resize(int(size * 1.14)) and CenterCrop(size), one after the other.
Image resized_and_cut(const Image& image, int size) {
  const int margin = static_cast<int>(size * 1.14);
  const int shorter = std::min(image.width, image.height);
  const int width = image.width == shorter ? margin : margin * image.width / shorter;
  const int height = image.width == shorter ? margin * image.height / shorter : margin;
  const Image resized = resize_bilinear(image, width, height);
  const int left = static_cast<int>(std::nearbyint((width - size) / 2.0));
  const int top = static_cast<int>(std::nearbyint((height - size) / 2.0));
  Image cut{size, size, {}};
  for (int y = top; y < top + size; ++y) {
    const auto row = resized.pixels.begin() + 3 * (y * width + left);
    cut.pixels.insert(cut.pixels.end(), row, row + 3 * size);
  }
  return cut;
}

TEST_CASE("the evaluation view is the centre of the resized picture") {
  const auto [width, height] =
      GENERATE(std::pair(192, 256), std::pair(256, 192), std::pair(193, 193), std::pair(50, 70),
               std::pair(400, 40), std::pair(145, 145));
  const int size = GENERATE(128, 32, 31);
  const Image image = gradient(width, height);
  const Image view = evaluated(image, size), expected = resized_and_cut(image, size);
  int greatest = 0;
  for (std::size_t i = 0; i < view.pixels.size(); ++i) {
    greatest = std::max(greatest, std::abs(view.pixels[i] - expected.pixels[i]));
  }
  INFO(width << " x " << height << " to " << size);
  CHECK(greatest <= 1);
}

TEST_CASE("every shape of picture has views") {
  const auto [width, height] = GENERATE(std::pair(1, 1), std::pair(1, 1000), std::pair(1000, 1),
                                        std::pair(2, 3), std::pair(3001, 7));
  const int size = GENERATE(1, 2, 7, 64);
  const Image image = gradient(width, height);
  CHECK(evaluated(image, size).pixels.size() == 3U * size * size);
  std::vector<std::uint8_t> out(3 * size * size + 1, 0xee);
  ResizeScratch scratch;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Random random({i});
    training_view(image, size, {}, random, out.data(), scratch);
  }
  CHECK(out.back() == 0xee);
}

struct Crop {
  double area, aspect;
  bool flipped;
};

// Read back from the gradients of the view, as parts of the picture.
Crop crop_of(const std::vector<std::uint8_t>& view, int size, double picture_aspect) {
  const auto at = [&](int x, int y, int channel) {
    return static_cast<double>(view[3 * (y * size + x) + channel]);
  };
  const double grown = static_cast<double>(size) / (size - 1);
  const double across = (at(size - 1, size / 2, 0) - at(0, size / 2, 0)) / 255 * grown;
  const double down = (at(size / 2, size - 1, 1) - at(size / 2, 0, 1)) / 255 * grown;
  return {std::abs(across) * down, std::abs(across) / down * picture_aspect, across < 0};
}

TEST_CASE("training views are crops of the allowed area and aspect, half of them flipped") {
  const Image image = gradient(240, 180);
  const int size = 64, count = 2000;
  std::vector<std::uint8_t> out(3 * size * size);
  ResizeScratch scratch;
  std::vector<double> areas;
  double least_aspect = 9, greatest_aspect = 0;
  int flipped = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    Random random({42, i});
    training_view(image, size, {}, random, out.data(), scratch);
    const Crop crop = crop_of(out, size, 240.0 / 180);
    areas.push_back(crop.area);
    least_aspect = std::min(least_aspect, crop.aspect);
    greatest_aspect = std::max(greatest_aspect, crop.aspect);
    flipped += crop.flipped;
  }
  std::sort(areas.begin(), areas.end());
  // One grey level is up to 1.4 % of a side.
  CHECK(areas.front() == Approx(0.35).margin(0.03));
  // torchvision's median for this shape: large crops often do not fit, and are drawn again.
  CHECK(areas[count / 2] == Approx(0.56).margin(0.02));
  CHECK(areas.back() == Approx(1.0).margin(0.05));
  CHECK(least_aspect == Approx(3.0 / 4).margin(0.04));
  CHECK(greatest_aspect == Approx(4.0 / 3).margin(0.06));
  CHECK(std::abs(flipped - count / 2) < 150);
}

TEST_CASE("a picture that no crop fits is cut in the centre") {
  const Image image = gradient(1000, 10);
  const int size = 16;
  std::vector<std::uint8_t> out(3 * size * size);
  ResizeScratch scratch;
  Augmentation whole;
  whole.crop_min_area = 1;
  whole.flip = false;
  Random random({1});
  training_view(image, size, whole, random, out.data(), scratch);
  for (int i = 0; i < size * size; ++i) CHECK(std::abs(out[3 * i] - 127) <= 3);
}

TEST_CASE("random numbers depend on their whole key") {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::uint64_t epoch = 0; epoch < 10; ++epoch) {
      for (std::uint64_t place = 0; place < 10; ++place) {
        first.insert(Random({seed, epoch, place}).next());
      }
    }
  }
  CHECK(first.size() == 1000);
  // Other machines must draw the same.
  CHECK(Random({1, 2, 3}).next() == 0x61efe5d6e548db08);
}

TEST_CASE("random numbers are even") {
  Random random({7});
  std::vector<int> counts(10);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    ++counts[random.below(10)];
    sum += random.uniform();
  }
  for (const int count : counts) CHECK(std::abs(count - 10'000) < 500);
  CHECK(sum / 100'000 == Approx(0.5).margin(0.01));
}

}  // namespace
}  // namespace mat
