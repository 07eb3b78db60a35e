#include "core/registry/id_set.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <stdexcept>

namespace mat {
namespace {

IdSet bits_of(const std::set<std::int64_t>& ids) {
  IdSet set;
  for (const auto id : ids) set.insert(id);
  return set;
}

bool same(const IdSet& set, const std::set<std::int64_t>& expected, std::int64_t highest) {
  if (set.size() != static_cast<std::int64_t>(expected.size())) return false;
  for (std::int64_t id = 0; id <= highest; ++id) {
    if (set.contains(id) != (expected.count(id) > 0)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("Sets of ids combine like std::set, whatever blocks the ids fall in") {
  constexpr std::int64_t kHighest = 30'000;
  std::mt19937 random(5);
  for (const int count_a : {0, 3, 500, 9'000}) {
    for (const int count_b : {0, 3, 500, 9'000}) {
      std::set<std::int64_t> a, b;
      // The two reach to different heights, so that one has blocks that the other lacks.
      for (int i = 0; i < count_a; ++i) a.insert(static_cast<std::int64_t>(random() % kHighest));
      for (int i = 0; i < count_b; ++i) b.insert(static_cast<std::int64_t>(random() % 11'000));
      std::set<std::int64_t> both, either = a, only_a;
      for (const auto id : a) (b.count(id) > 0 ? both : only_a).insert(id);
      either.insert(b.begin(), b.end());
      CHECK(same(bits_of(a) &= bits_of(b), both, kHighest));
      CHECK(same(bits_of(a) |= bits_of(b), either, kHighest));
      CHECK(same(bits_of(a) -= bits_of(b), only_a, kHighest));
    }
  }
}

TEST_CASE("An id that no registry can have is refused before memory is taken for it") {
  IdSet set;
  CHECK_THROWS_AS(set.insert(-1), std::length_error);
  CHECK_THROWS_AS(set.insert(std::int64_t{1} << 62), std::length_error);
  CHECK_FALSE(set.contains(-1));
  CHECK_FALSE(set.contains(std::int64_t{1} << 62));
}

}  // namespace mat
