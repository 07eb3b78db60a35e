#pragma once

#include <cstdint>
#include <deque>

namespace mat {

// Samples per second over the last seconds of training, validation left out.
class Speedometer {
 public:
  void add(double seconds, std::int64_t samples) {
    steps_.push_back({seconds, samples});
    seconds_ += seconds;
    samples_ += samples;
    while (steps_.size() > 2 && seconds_ - steps_.front().seconds > kWindow) {
      seconds_ -= steps_.front().seconds;
      samples_ -= steps_.front().samples;
      steps_.pop_front();
    }
  }
  double rate() const { return seconds_ > 0 ? static_cast<double>(samples_) / seconds_ : 0; }

 private:
  struct Entry {
    double seconds;
    std::int64_t samples;
  };
  static constexpr double kWindow = 3;
  std::deque<Entry> steps_;
  double seconds_ = 0;
  std::int64_t samples_ = 0;
};

}  // namespace mat
