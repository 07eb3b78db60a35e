#include "core/metrics/evaluation_summaries.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/metrics/confusion_picture.h"

namespace mat {
namespace {

constexpr std::size_t kMostCurves = 100;
constexpr int kThresholds = 101;

struct Matrix {
  std::vector<std::string> classes;
  Confusion rows;
};

// Throws Json's exceptions.
Matrix matrix_of(const Json& evaluation) {
  const Json& confusion = evaluation.at("confusion_matrix");
  Matrix matrix{confusion.at("labels").get<std::vector<std::string>>(),
                confusion.at("rows").get<Confusion>()};
  const auto is_square = [&] {
    return matrix.rows.size() == matrix.classes.size() &&
           std::all_of(matrix.rows.begin(), matrix.rows.end(),
                       [&](const auto& row) { return row.size() == matrix.classes.size(); });
  };
  if (!is_square()) matrix = {};
  return matrix;
}

// From the points of the curve, of which each stands for thresholds up to its own.
PrecisionRecallSummary curve_of(const Json& curve, double positives, double all) {
  const auto thresholds = curve.at("thresholds").get<std::vector<double>>();
  const auto precision = curve.at("precision").get<std::vector<double>>();
  const auto recall = curve.at("recall").get<std::vector<double>>();
  PrecisionRecallSummary summary;
  if (precision.size() < thresholds.size() || recall.size() < thresholds.size()) return summary;
  for (int i = 0; i < kThresholds; ++i) {
    const double threshold = static_cast<double>(i) / (kThresholds - 1);
    const auto at = std::lower_bound(thresholds.begin(), thresholds.end(), threshold);
    PrecisionRecallSummary::Point point;
    if (at != thresholds.end()) {
      const auto index = static_cast<std::size_t>(at - thresholds.begin());
      point.true_positives = recall[index] * positives;
      if (precision[index] > 0) {
        point.false_positives = point.true_positives * (1 / precision[index] - 1);
      }
    }
    point.false_negatives = positives - point.true_positives;
    point.true_negatives = all - positives - point.false_positives;
    summary.points.push_back(point);
  }
  return summary;
}

}  // namespace

std::vector<EventSummary> summaries_of_evaluation(const Json& evaluation, std::int64_t step) {
  std::vector<EventSummary> summaries;
  try {
    const Matrix matrix = matrix_of(evaluation);
    if (matrix.rows.empty()) return summaries;
    if (matrix.rows.size() <= kMostPictured) {
      summaries.push_back({"confusion_matrix", step,
                           PictureSummary{confusion_picture(matrix.rows, matrix.classes)}});
    }
    const Json& classes = evaluation.at("classes");
    if (classes.size() > kMostCurves) return summaries;
    const auto all = evaluation.at("samples").get<double>();
    for (const Json& entry : classes) {
      if (!entry.contains("precision_recall_curve")) continue;
      auto curve =
          curve_of(entry["precision_recall_curve"], entry.at("support").get<double>(), all);
      if (curve.points.empty()) continue;
      summaries.push_back(
          {"precision_recall/" + entry.at("name").get<std::string>(), step, std::move(curve)});
    }
  } catch (const Json::exception&) {
    return summaries;
  }
  return summaries;
}

}  // namespace mat
