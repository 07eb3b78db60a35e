#include "trainers/data/strong_augmentation.h"

#include <algorithm>
#include <vector>

#include "tests/trainers/catch.h"

namespace mat {
namespace {

// Red rises from left to right, green from top to bottom.
Image ramp(int width, int height) {
  Image image{width, height, {}};
  image.pixels.resize(image.byte_count());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* p = &image.pixels[3 * (static_cast<std::size_t>(y) * width + x)];
      p[0] = static_cast<std::uint8_t>(255 * x / (width - 1));
      p[1] = static_cast<std::uint8_t>(255 * y / (height - 1));
      p[2] = 40;
    }
  }
  return image;
}

std::vector<std::uint8_t> augmented(const Image& image, int size,
                                    const StrongAugmentation& augmentation, std::uint64_t seed) {
  std::vector<std::uint8_t> out(std::size_t{3} * size * size);
  Random random({seed});
  augmented_view(image, size, augmentation, random, out.data());
  return out;
}

int red_at(const std::vector<std::uint8_t>& pixels, int size, int x, int y) {
  return pixels[3 * (static_cast<std::size_t>(y) * size + x)];
}

}  // namespace

TEST_CASE("An augmentation that changes nothing shows a square picture as it is") {
  const Image image = ramp(32, 32);
  CHECK(augmented(image, 32, {}, 1) == image.pixels);
  std::vector<std::uint8_t> whole(image.pixels.size());
  whole_view(image, 32, whole.data());
  CHECK(whole == image.pixels);
}

TEST_CASE("A long picture is shown in its true shape, with its borders mirrored") {
  const Image image = ramp(64, 16);
  const int size = 32;
  std::vector<std::uint8_t> whole(std::size_t{3} * size * size);
  whole_view(image, size, whole.data());
  // The square has a side of 32 pixels, so each pixel of it is one of the picture: columns 16 to 47
  // and rows -8 to 23.
  CHECK(red_at(whole, size, 0, 10) == Approx(255 * 16 / 63).margin(1));
  CHECK(red_at(whole, size, 31, 10) == Approx(255 * 47 / 63).margin(1));
  for (int x = 0; x < size; ++x) {
    CHECK(red_at(whole, size, x, 7) == red_at(whole, size, x, 8));
    CHECK(whole[3 * (7 * size + x) + 1] == whole[3 * (8 * size + x) + 1]);
  }
}

TEST_CASE("Half of the pictures are mirrored, and the same random numbers give the same view") {
  StrongAugmentation flip;
  flip.flip = true;
  const Image image = ramp(24, 24);
  int mirrored = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto pixels = augmented(image, 24, flip, seed);
    CHECK(pixels == augmented(image, 24, flip, seed));
    mirrored += red_at(pixels, 24, 0, 12) > red_at(pixels, 24, 23, 12);
  }
  CHECK(mirrored > 70);
  CHECK(mirrored < 130);
}

TEST_CASE("Without colour the three channels are equal, and an erased part has one colour") {
  StrongAugmentation grey;
  grey.grey = 1;
  const auto pixels = augmented(ramp(20, 20), 20, grey, 3);
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    CHECK(std::abs(pixels[i] - pixels[i + 1]) <= 1);
    CHECK(std::abs(pixels[i] - pixels[i + 2]) <= 1);
  }
  StrongAugmentation erase;
  erase.erase = 1;
  const Image image = ramp(40, 40);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto erased = augmented(image, 40, erase, seed);
    std::size_t covered = 0;
    for (std::size_t i = 0; i < erased.size(); i += 3) {
      covered += erased[i] == 124 && erased[i + 1] == 116 && erased[i + 2] == 104;
    }
    CHECK(covered >= 0.015 * 1600);
    CHECK(covered <= 0.27 * 1600);
  }
}

TEST_CASE("Extreme changes of tiny and huge pictures stay within the picture's memory") {
  StrongAugmentation all;
  all.min_area = 0.05;
  all.max_log_aspect = 1.5;
  all.rotation_deg = 180;
  all.shear = 1;
  all.flip = true;
  all.brightness = all.contrast = all.saturation = 0.9;
  all.hue_deg = 180;
  all.grey = 0.5;
  all.erase = 0.5;
  for (const auto& [width, height] : {std::pair(1, 1), {1, 50}, {300, 2}, {257, 193}}) {
    const Image image = ramp(std::max(width, 2), std::max(height, 2));
    for (std::uint64_t seed = 0; seed < 50; ++seed) augmented(image, 16, all, seed);
  }
  SUCCEED("no sanitizer and no crash complained");
}

}  // namespace mat
