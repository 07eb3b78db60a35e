#include "core/curves/epochs.h"

#include <algorithm>

namespace mat {
namespace {

constexpr std::size_t kMostKnownPoints = 4000;

double positive_number(const Json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::max(0.0, found->get<double>()) : 0;
}

// On the line through the two neighbours of `x`, or through the two nearest beyond the ends.
template <typename From, typename To>
double between(const std::vector<std::pair<double, double>>& points, double x, const From& from,
               const To& to) {
  auto right = std::lower_bound(points.begin(), points.end(), x,
                                [&](const auto& point, double at) { return from(point) < at; });
  if (right == points.begin()) ++right;
  if (right == points.end()) --right;
  const auto left = right - 1;
  const double width = from(*right) - from(*left);
  if (width <= 0) return to(*right);
  return to(*left) + (x - from(*left)) / width * (to(*right) - to(*left));
}

double first_of(const std::pair<double, double>& pair) { return pair.first; }
double second_of(const std::pair<double, double>& pair) { return pair.second; }

}  // namespace

std::optional<EpochScale> EpochScale::of(const Json& facts, const Json& progress,
                                         const CurveIndex& curves) {
  EpochScale scale;
  scale.steps_per_epoch_ = positive_number(facts, "batches_per_epoch");
  if (scale.steps_per_epoch_ > 0) return scale;
  // A stage is not the whole of a training.
  const bool is_whole = progress.is_object() && progress.value("stage", Json("")) == "";
  const double epochs = positive_number(progress, "epochs");
  if (is_whole && epochs > 0) scale.steps_per_epoch_ = positive_number(progress, "steps") / epochs;
  if (scale.steps_per_epoch_ > 0) return scale;
  for (const ScalarPoint& point : curves.thinned("epoch", {}, kMostKnownPoints).points) {
    const std::pair<double, double> known(static_cast<double>(point.step), point.value);
    const bool falls = !scale.known_.empty() && (known.first <= scale.known_.back().first ||
                                                 known.second < scale.known_.back().second);
    if (!falls) scale.known_.push_back(known);
  }
  if (scale.known_.size() < 2) return std::nullopt;
  return scale;
}

double EpochScale::epoch_at(double step) const {
  return steps_per_epoch_ > 0 ? step / steps_per_epoch_
                              : between(known_, step, first_of, second_of);
}

double EpochScale::step_at(double epoch) const {
  return steps_per_epoch_ > 0 ? epoch * steps_per_epoch_
                              : between(known_, epoch, second_of, first_of);
}

}  // namespace mat
