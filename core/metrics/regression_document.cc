#include "core/metrics/regression_document.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>

#include "core/metrics/confidence.h"

namespace mat {
namespace {

constexpr std::size_t kMostWorst = 50;
constexpr std::size_t kFewestResamples = 100, kMostResamples = 1000;
constexpr std::size_t kMostDraws = 100'000'000;

struct Figures {
  double rmse = 0, mae = 0, r2 = 0;
};

// Of samples whose squared and absolute errors are summed up one by one.
class Sums {
 public:
  // `target` is relative to some middle of all targets: their squares are not to drown the spread.
  void add(double target, double error) {
    count_ += 1;
    squares_ += error * error;
    absolutes_ += std::abs(error);
    targets_ += target;
    target_squares_ += target * target;
  }

  Figures figures() const {
    const double spread = target_squares_ - targets_ * targets_ / count_;
    return {std::sqrt(squares_ / count_), absolutes_ / count_,
            spread > 0 ? 1 - squares_ / spread : 0};
  }

 private:
  double count_ = 0, squares_ = 0, absolutes_ = 0, targets_ = 0, target_squares_ = 0;
};

Json worst_of(const EvaluatedValues& evaluated) {
  std::vector<std::size_t> order(evaluated.targets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto error = [&](std::size_t i) {
    return std::abs(evaluated.answers[i] - evaluated.targets[i]);
  };
  const std::size_t shown = std::min(order.size(), kMostWorst);
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(shown);
  std::partial_sort(order.begin(), end, order.end(), [&](std::size_t a, std::size_t b) {
    return error(a) != error(b) ? error(a) > error(b) : a < b;
  });
  Json list = Json::array();
  for (std::size_t n = 0; n < shown; ++n) {
    const std::size_t i = order[n];
    list.push_back({{"file", evaluated.names[i]},
                    {"target", evaluated.targets[i]},
                    {"predicted", evaluated.answers[i]},
                    {"error", evaluated.answers[i] - evaluated.targets[i]}});
  }
  return list;
}

}  // namespace

Json regression_document(const EvaluatedValues& evaluated) {
  const std::size_t count = evaluated.targets.size();
  const double middle = std::accumulate(evaluated.targets.begin(), evaluated.targets.end(), 0.0) /
                        static_cast<double>(count);
  const auto add = [&](Sums& sums, std::size_t i) {
    sums.add(evaluated.targets[i] - middle, evaluated.answers[i] - evaluated.targets[i]);
  };
  Sums all;
  for (std::size_t i = 0; i < count; ++i) add(all, i);

  // Fewer of them where each costs much: an interval's ends are known well enough by then.
  const std::size_t resamples = std::clamp(kMostDraws / count, kFewestResamples, kMostResamples);
  std::mt19937_64 engine(0);
  std::uniform_int_distribution<std::size_t> any(0, count - 1);
  std::vector<double> rmse, mae, r2;
  for (std::size_t n = 0; n < resamples; ++n) {
    Sums sums;
    for (std::size_t i = 0; i < count; ++i) add(sums, any(engine));
    const Figures figures = sums.figures();
    rmse.push_back(figures.rmse);
    mae.push_back(figures.mae);
    r2.push_back(figures.r2);
  }
  const Figures figures = all.figures();
  return {{"samples", count},
          {"rmse", figures.rmse},
          {"mae", figures.mae},
          {"r2", figures.r2},
          {"intervals",
           {{"rmse", to_json(interval_of(std::move(rmse)))},
            {"mae", to_json(interval_of(std::move(mae)))},
            {"r2", to_json(interval_of(std::move(r2)))}}},
          {"worst", worst_of(evaluated)}};
}

std::string prediction_lines(const EvaluatedValues& evaluated, const std::string& key) {
  std::string lines;
  for (std::size_t i = 0; i < evaluated.targets.size(); ++i) {
    lines += to_json_text(Json{{key, evaluated.names[i]},
                               {"target", evaluated.targets[i]},
                               {"predicted", evaluated.answers[i]}});
    lines += '\n';
  }
  return lines;
}

}  // namespace mat
