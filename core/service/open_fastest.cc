#include "core/service/open_fastest.h"

#include <algorithm>
#include <utility>

#include "core/base/time.h"

namespace mat {
namespace {

constexpr int kLeastRounds = 5, kMostRounds = 50;
constexpr double kSecondsOfRounds = 0.2;
// More threads have to be worth what they keep from others.
constexpr double kLeastGain = 0.95;

// Of the fastest round: what else the machine does makes them slower only.
double seconds_of(PictureModel& model, const ModelDescription& description) {
  const int side = std::max(1, description.preprocessing.short_side);
  Image picture{side, side, {}};
  picture.pixels.assign(picture.byte_count(), 128);
  double best_s = 0;
  double all_s = 0;
  for (int round = 0; round <= kMostRounds; ++round) {
    if (round > kLeastRounds && all_s > kSecondsOfRounds) break;
    const double begin_s = monotonic_seconds();
    model.answer({picture});
    const double took_s = monotonic_seconds() - begin_s;
    all_s += took_s;
    // The first one is for warming up.
    if (round == 1 || (round > 1 && took_s < best_s)) best_s = took_s;
  }
  return best_s;
}

}  // namespace

std::unique_ptr<PictureModel> open_fastest(
    const std::function<std::unique_ptr<PictureModel>(const ModelRequest&)>& open,
    ModelRequest request) {
  auto model = open(request);
  if (request.threads < 2) return model;
  const int all = request.threads, half = all / 2;
  const double first_s = seconds_of(*model, request.description);
  // Opening sets the number of threads: what answers must be the last one that is opened.
  const auto open_with = [&](int threads) {
    model.reset();
    request.threads = threads;
    model = open(request);
  };
  open_with(half);
  const double half_s = seconds_of(*model, request.description);
  // Before and after, since the machine itself may be slower for some seconds.
  open_with(all);
  const double all_s = std::min(first_s, seconds_of(*model, request.description));
  if (half_s * kLeastGain <= all_s) open_with(half);
  return model;
}

}  // namespace mat
