#pragma once

#include <cstdint>
#include <initializer_list>

namespace mat {

// Random numbers of one picture (SplitMix64): the same everywhere for the same seeds.
class Random {
 public:
  explicit Random(std::initializer_list<std::uint64_t> seeds) {
    for (const std::uint64_t seed : seeds) state_ = bits() ^ seed;
  }

  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53;
  }

  int below(int count) { return static_cast<int>(bits() % static_cast<std::uint64_t>(count)); }

  bool chance(double probability) { return uniform(0, 1) < probability; }

 private:
  std::uint64_t state_ = 0;
};

}  // namespace mat
