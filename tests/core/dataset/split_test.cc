#include "core/dataset/split.h"

#include <fmt/core.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "core/base/error.h"

namespace mat {
namespace {

struct Sides {
  int train = 0, validation = 0, test = 0;
  bool operator==(const Sides&) const = default;
};

std::map<std::string, Sides> sides_of(const std::vector<SplitSample>& samples,
                                      const std::vector<Usage>& usages) {
  std::map<std::string, Sides> sides;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    Sides& side = sides[samples[i].stratum];
    ++(usages[i] == Usage::train  ? side.train
       : usages[i] == Usage::test ? side.test
                                  : side.validation);
  }
  return sides;
}

void add(std::vector<SplitSample>& samples, const std::string& label, int count, int group = -1,
         std::optional<Usage> usage = {}) {
  for (int i = 0; i < count; ++i) {
    samples.push_back({fmt::format("{}/{}-{}", label, samples.size(), group), label, usage, group});
  }
}

TEST_CASE("every class is split by the ratio") {
  std::vector<SplitSample> samples;
  add(samples, "many", 1000);
  add(samples, "some", 10);
  add(samples, "two", 2);
  add(samples, "one", 1);
  const auto sides = sides_of(samples, split_samples(samples, 0.8, 1));
  CHECK(sides.at("many") == Sides{800, 200, 0});
  CHECK(sides.at("some") == Sides{8, 2, 0});
  CHECK(sides.at("two") == Sides{1, 1, 0});
  CHECK(sides.at("one") == Sides{1, 0, 0});
}

TEST_CASE("the split depends on the seed and the names, not on the order") {
  std::vector<SplitSample> samples;
  add(samples, "a", 60);
  add(samples, "b", 3, 1);
  add(samples, "b", 40);
  const std::vector<Usage> first = split_samples(samples, 0.7, 5);
  CHECK(split_samples(samples, 0.7, 5) == first);
  CHECK(split_samples(samples, 0.7, 6) != first);
  std::vector<std::size_t> order(samples.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(3));
  std::vector<SplitSample> shuffled;
  for (const auto i : order) shuffled.push_back(samples[i]);
  const std::vector<Usage> other = split_samples(shuffled, 0.7, 5);
  for (std::size_t i = 0; i < order.size(); ++i) CHECK(other[i] == first[order[i]]);
}

TEST_CASE("no group is on two sides, and every class with two groups is on both") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<SplitSample> samples;
    std::map<std::string, std::set<int>> groups_of_class;
    const int classes = 1 + static_cast<int>(random() % 4);
    int group = 0;
    for (int c = 0; c < classes; ++c) {
      const std::string label = fmt::format("c{}", c);
      const int count = 1 + static_cast<int>(random() % 8);
      for (int g = 0; g < count; ++g, ++group) {
        add(samples, label, 1 + static_cast<int>(random() % (g == 0 ? 30 : 4)), group);
        groups_of_class[label].insert(group);
      }
    }
    const double ratio = std::array{0.1, 0.5, 0.8, 0.99}[random() % 4];
    const std::vector<Usage> usages = split_samples(samples, ratio, random());
    std::map<int, std::set<Usage>> usages_of_group;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      usages_of_group[samples[i].group].insert(usages[i]);
    }
    for (const auto& [number, found] : usages_of_group) CHECK(found.size() == 1);
    for (const auto& [label, sides] : sides_of(samples, usages)) {
      CHECK(sides.train > 0);
      CHECK((sides.validation > 0) == (groups_of_class[label].size() > 1));
    }
  }
}

TEST_CASE("groups are spread so that the ratio is nearly met") {
  std::vector<SplitSample> samples;
  for (int g = 0; g < 100; ++g) add(samples, "a", 1 + g % 5, g);
  const Sides sides = sides_of(samples, split_samples(samples, 0.8, 3)).at("a");
  CHECK(sides.validation >= 58);
  CHECK(sides.validation <= 62);
}

TEST_CASE("a group of several classes keeps together, and takes no class from training") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<SplitSample> samples;
    add(samples, "a", 20);
    add(samples, "a", 3, 1);
    add(samples, "b", 2, 1);  // all that there is of it
    const std::vector<Usage> usages = split_samples(samples, 0.5, seed);
    const auto sides = sides_of(samples, usages);
    CHECK(sides.at("b") == Sides{2, 0, 0});
    CHECK(usages[20] == Usage::train);
    CHECK(sides.at("a").validation >= 11);
  }
}

TEST_CASE("what is decided stays, and takes its group with it") {
  std::vector<SplitSample> samples;
  add(samples, "a", 10, -1, Usage::train);
  add(samples, "a", 2, -1, Usage::validation);
  add(samples, "a", 5, -1, Usage::test);
  add(samples, "a", 1, 1, Usage::validation);
  add(samples, "a", 1, 1);
  add(samples, "a", 1, 2, Usage::test);
  add(samples, "a", 1, 2);
  add(samples, "a", 1, 3, Usage::validation);
  add(samples, "a", 1, 3, Usage::test);
  add(samples, "a", 1, 3);
  add(samples, "a", 8);
  const std::vector<Usage> usages = split_samples(samples, 0.8, 1);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].usage) CHECK(usages[i] == *samples[i].usage);
  }
  CHECK(usages[18] == Usage::validation);
  CHECK(usages[20] == Usage::test);
  CHECK(usages[23] == Usage::validation);
  // 24 for training and validation: 5 are wanted in validation, and more are there already.
  CHECK(sides_of(samples, usages).at("a") == Sides{18, 6, 8});
}

TEST_CASE("a ratio that leaves a side empty is refused") {
  for (const double ratio : {0.0, 1.0, -1.0, 2.0, std::nan("")}) {
    CHECK_THROWS_AS(split_samples({}, ratio, 0), Error);
  }
}

}  // namespace
}  // namespace mat
