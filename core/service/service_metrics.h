#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "core/http/server.h"

namespace mat {

// What a service counts, in Prometheus' text format. All calls may come from any thread.
class ServiceMetrics {
 public:
  // `path` is one of the service's own, "other" for any else: strangers name no series.
  void count(const HttpExchange& exchange, const std::string& path);
  void count_batch(std::size_t pictures, double seconds);
  void count_decoding(double seconds);

  struct Now {
    std::size_t connections = 0, waiting = 0;
    std::string model;  // "clothes@V0003"
  };
  std::string text(const Now& now) const;

 private:
  template <std::size_t N>
  struct Histogram {
    std::array<std::uint64_t, N + 1> counts{};
    double sum = 0;
  };
  static constexpr std::array<double, 13> kSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                   0.25,  0.5,    1,     2.5,  5,     10};
  static constexpr std::array<double, 7> kPictures{1, 2, 4, 8, 16, 32, 64};

  template <std::size_t N>
  static void put(Histogram<N>& histogram, const std::array<double, N>& bounds, double value);
  template <std::size_t N>
  static void write(std::string& text, const char* name, const char* help,
                    const Histogram<N>& histogram, const std::array<double, N>& bounds);

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, std::uint64_t> requests_;
  Histogram<13> latency_, decode_seconds_, model_seconds_;
  Histogram<7> batches_;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
};

}  // namespace mat
