#include "trainers/exeml/cross_validation.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "tests/core/inspect/drawn_pictures.h"
#include "tests/trainers/catch.h"

namespace mat {
namespace {

std::vector<LabelledPlace> places_of_classes(std::size_t count, int classes) {
  std::vector<LabelledPlace> places;
  for (std::size_t i = 0; i < count; ++i) places.push_back({i, static_cast<int>(i) % classes});
  return places;
}

}  // namespace

TEST_CASE("Places of one group are in one fold, and classes are spread evenly") {
  const auto places = places_of_classes(120, 3);
  std::vector<int> groups(places.size());
  std::iota(groups.begin(), groups.end(), 0);
  for (int i = 0; i < 30; ++i) groups[static_cast<std::size_t>(i)] = i % 6;  // five in each
  const std::vector<int> folds = fold_of_each(places, groups, 4, 7);
  for (std::size_t i = 0; i < 30; ++i) CHECK(folds[i] == folds[i % 6]);
  std::map<std::pair<int, int>, int> counts;  // fold, class
  for (std::size_t i = 0; i < places.size(); ++i) ++counts[{folds[i], places[i].label}];
  for (int fold = 0; fold < 4; ++fold) {
    for (int label = 0; label < 3; ++label) CHECK(counts[{fold, label}] == 10);
  }
  CHECK(fold_of_each(places, groups, 4, 7) == folds);
  CHECK(fold_of_each(places, groups, 4, 8) != folds);
}

TEST_CASE("No fold is empty, also where there are fewer groups than folds") {
  const auto places = places_of_classes(10, 2);
  const std::vector<int> folds = fold_of_each(places, std::vector<int>(10, 0), 5, 1);
  for (int fold = 0; fold < 5; ++fold) {
    CHECK(std::count(folds.begin(), folds.end(), fold) == 2);
  }
}

TEST_CASE("A class whose pictures all show the same thing is learnt in every fold") {
  const auto places = places_of_classes(40, 2);
  std::vector<int> groups(places.size());
  std::iota(groups.begin(), groups.end(), 0);
  for (std::size_t i = 1; i < groups.size(); i += 2) groups[i] = 1;  // all of class 1
  const std::vector<int> folds = fold_of_each(places, groups, 2, 1);
  for (int fold = 0; fold < 2; ++fold) {
    int of_class_1 = 0;
    for (std::size_t i = 1; i < folds.size(); i += 2) of_class_1 += folds[i] == fold;
    CHECK(of_class_1 == 10);
  }
}

TEST_CASE("Training pictures that show the same photograph are found") {
  std::vector<Image> images;
  for (const unsigned seed : {1U, 2U, 3U}) images.push_back(drawn_picture(seed));
  Image brighter = images[1];
  for (std::uint8_t& value : brighter.pixels) {
    value = static_cast<std::uint8_t>(std::min(255, value + 20));
  }
  images.push_back(brighter);
  ImageData data;
  for (std::size_t i = 0; i < images.size(); ++i) {
    data.train.push_back({images[i], 0});
    data.train_contents.push_back({1, i});
  }
  CHECK(same_photographs(data, 2, [] { return true; }) == std::vector<int>{0, 1, 2, 1});
  // Without time for it each is its own.
  CHECK(same_photographs(data, 2, [] { return false; }) == std::vector<int>{0, 1, 2, 3});
}

}  // namespace mat
