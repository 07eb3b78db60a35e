#include "core/metrics/evaluation_document.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/metrics/classification_report.h"
#include "core/metrics/confidence.h"
#include "core/metrics/score_curves.h"

namespace mat {
namespace {

constexpr std::size_t kMostCurvePoints = 200;
constexpr int kMostCurves = 100;
constexpr std::size_t kMostWorst = 50;
constexpr int kMostTop = 5;
constexpr int kThresholdSteps = 20;
// Values with fewer samples say little, and a key may have one for each sample.
constexpr std::size_t kMostSlices = 100;

Json top_k_of(const Predictions& predictions) {
  Json json = Json::object();
  for (int k = 1; k <= std::min(kMostTop, predictions.class_count); ++k) {
    json[std::to_string(k)] = top_k_accuracy(predictions, k);
  }
  return json;
}

Json calibration_of(const EvaluatedSamples& evaluated, const Predictions& tempered) {
  const Predictions& raw = evaluated.predictions;
  const Calibration best = calibrate(raw);
  const bool is_fitted = evaluated.is_fitted_here;
  Json bins = Json::array();
  for (const ReliabilityBin& bin : reliability(tempered)) {
    bins.push_back(
        {{"count", bin.count}, {"confidence", bin.confidence}, {"accuracy", bin.accuracy}});
  }
  return {
      {"temperature", evaluated.temperature},
      {"error_before", expected_calibration_error(raw)},
      {"error_after",
       is_fitted ? best.error_after : expected_calibration_error(raw, evaluated.temperature)},
      {"log_loss_before", log_loss(raw)},
      {"log_loss_after", is_fitted ? best.log_loss_after : log_loss(raw, evaluated.temperature)},
      {"best_temperature", best.temperature},
      {"fitted_here", is_fitted},
      {"reliability", bins}};
}

Json curve_of(const PrecisionRecall& whole) {
  const PrecisionRecall curve = thinned(whole, kMostCurvePoints);
  return {
      {"thresholds", curve.thresholds}, {"precision", curve.precision}, {"recall", curve.recall}};
}

Json thresholds_of(const Predictions& predictions) {
  std::vector<double> thresholds;
  for (int i = 0; i < kThresholdSteps; ++i) {
    thresholds.push_back(static_cast<double>(i) / kThresholdSteps);
  }
  Json rows = Json::array();
  for (const ThresholdRow& row : threshold_table(predictions, thresholds)) {
    // Of no answers there is nothing to say.
    const auto of_answers = [&row](double value) {
      return row.answered > 0 ? Json(value) : Json();
    };
    rows.push_back({{"threshold", row.threshold},
                    {"answered", row.answered},
                    {"accuracy", of_answers(row.accuracy)},
                    {"precision", of_answers(row.precision)},
                    {"recall", row.recall},
                    {"f1", row.f1}});
  }
  return rows;
}

// Over the classes that the slice has: another one that is only predicted makes the precision of
// the right ones worse, and has nothing of its own to be measured by.
double f1_of_present(const ClassificationReport& report) {
  double sum = 0;
  int present = 0;
  for (const ClassScore& score : report.classes) {
    if (score.support == 0) continue;
    sum += score.f1;
    ++present;
  }
  return present == 0 ? 0 : sum / present;
}

Json slices_of(const EvaluatedSamples& evaluated) {
  const Predictions& predictions = evaluated.predictions;
  std::map<std::string, std::vector<std::size_t>> samples_of;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    samples_of[evaluated.slices[i]].push_back(i);
  }
  std::vector<std::pair<std::string, std::vector<std::size_t>>> slices(samples_of.begin(),
                                                                       samples_of.end());
  std::stable_sort(slices.begin(), slices.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  const std::size_t left_out = slices.size() > kMostSlices ? slices.size() - kMostSlices : 0;
  slices.resize(slices.size() - left_out);
  Json values = Json::array();
  for (const auto& [value, samples] : slices) {
    std::vector<int> labels, answers;
    for (const std::size_t i : samples) {
      labels.push_back(predictions.labels[i]);
      answers.push_back(predictions.predicted(i));
    }
    const ClassificationReport report =
        classification_report(labels, answers, predictions.class_count);
    std::int64_t right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) right += labels[i] == answers[i];
    const auto count = static_cast<std::int64_t>(samples.size());
    values.push_back({{"value", value.empty() ? Json(nullptr) : Json(value)},
                      {"samples", count},
                      {"accuracy", report.accuracy},
                      {"interval", to_json(bootstrap_accuracy({right, count}))},
                      {"f1", f1_of_present(report)}});
  }
  return {{"key", evaluated.slice_key}, {"values", values}, {"left_out", left_out}};
}

Json worst_of(const EvaluatedSamples& evaluated, const Predictions& predictions) {
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    if (predictions.predicted(i) != predictions.labels[i]) wrong.push_back(i);
  }
  const auto score = [&](std::size_t i) {
    return predictions.of(i)[static_cast<std::size_t>(predictions.predicted(i))];
  };
  std::stable_sort(wrong.begin(), wrong.end(),
                   [&](std::size_t a, std::size_t b) { return score(a) > score(b); });
  if (wrong.size() > kMostWorst) wrong.resize(kMostWorst);
  Json list = Json::array();
  for (const std::size_t i : wrong) {
    list.push_back(
        {{"file", evaluated.names[i]},
         {"label", evaluated.classes[static_cast<std::size_t>(predictions.labels[i])]},
         {"predicted", evaluated.classes[static_cast<std::size_t>(predictions.predicted(i))]},
         {"score", score(i)}});
  }
  return list;
}

}  // namespace

Json evaluation_document(const EvaluatedSamples& evaluated) {
  const Predictions& raw = evaluated.predictions;
  Predictions tempered = raw;
  temper(tempered.probabilities, tempered.class_count, evaluated.temperature);
  Json document = to_json(classification_report(raw.labels, answers_of(raw), raw.class_count),
                          evaluated.classes);
  add_intervals(bootstrap_report(raw), document);
  document["loss"] = log_loss(raw);
  document["top_k"] = top_k_of(raw);
  document["calibration"] = calibration_of(evaluated, tempered);
  for (int c = 0; c < raw.class_count; ++c) {
    const PrecisionRecall curve = precision_recall(tempered, c);
    Json& entry = document["classes"][static_cast<std::size_t>(c)];
    entry["average_precision"] = curve.average_precision;
    if (raw.class_count <= kMostCurves) entry["precision_recall_curve"] = curve_of(curve);
  }
  document["thresholds"] = thresholds_of(tempered);
  if (!evaluated.slice_key.empty()) document["slices"] = slices_of(evaluated);
  document["worst"] = worst_of(evaluated, tempered);
  return document;
}

std::string prediction_lines(const EvaluatedSamples& evaluated, const std::string& key) {
  const Predictions& predictions = evaluated.predictions;
  const auto name_of = [&](int c) { return evaluated.classes[static_cast<std::size_t>(c)]; };
  std::string lines;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    Json line{{key, evaluated.names[i]},
              {"label", name_of(predictions.labels[i])},
              {"predicted", name_of(predictions.predicted(i))},
              {"scores", Json::object()}};
    const auto p = predictions.of(i);
    for (std::size_t c = 0; c < p.size(); ++c) {
      line["scores"][evaluated.classes[c]] = std::round(double{p[c]} * 1e6) / 1e6;
    }
    lines += to_json_text(line);
    lines += '\n';
  }
  return lines;
}

}  // namespace mat
