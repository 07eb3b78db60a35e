#pragma once

#include <cstdint>
#include <initializer_list>

namespace mat {

// Random numbers that depend on a key and on nothing else: the same on every machine, in any
// thread and in any order. SplitMix64.
class Random {
 public:
  // For instance {seed, epoch, place}.
  Random(std::initializer_list<std::uint64_t> key) {
    for (const std::uint64_t part : key) state_ = mix(state_ + kStep) ^ mix(part);
  }

  std::uint64_t next() { return mix(state_ += kStep); }
  // From 0 to below 1.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double uniform(double from, double to) { return from + (to - from) * uniform(); }
  // From 0 to below `count`, which is positive and below 2^32.
  std::uint64_t below(std::uint64_t count) { return ((next() >> 32) * count) >> 32; }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;

  static constexpr std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  std::uint64_t state_ = 0;
};

}  // namespace mat
