#include "core/metrics/score_curves.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/metrics/classification_report.h"

namespace mat {
namespace {

double ratio(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

double confidence_of(const Predictions& predictions, std::size_t sample) {
  return predictions.of(sample)[static_cast<std::size_t>(predictions.predicted(sample))];
}

}  // namespace

PrecisionRecall precision_recall(const Predictions& predictions, int class_number) {
  const auto score = [&](std::size_t i) {
    return predictions.of(i)[static_cast<std::size_t>(class_number)];
  };
  std::vector<std::size_t> order(predictions.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return score(a) > score(b); });
  const auto total = std::count(predictions.labels.begin(), predictions.labels.end(), class_number);
  PrecisionRecall curve;
  if (total == 0) return curve;
  std::int64_t hits = 0;
  double recall_before = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    hits += predictions.labels[order[i]] == class_number;
    // A threshold takes all samples of one score.
    if (i + 1 < order.size() && score(order[i + 1]) == score(order[i])) continue;
    const double precision = ratio(hits, static_cast<std::int64_t>(i + 1));
    const double recall = ratio(hits, total);
    curve.average_precision += (recall - recall_before) * precision;
    recall_before = recall;
    curve.thresholds.push_back(score(order[i]));
    curve.precision.push_back(precision);
    curve.recall.push_back(recall);
  }
  for (auto* values : {&curve.thresholds, &curve.precision, &curve.recall}) {
    std::reverse(values->begin(), values->end());
  }
  curve.precision.push_back(1);
  curve.recall.push_back(0);
  return curve;
}

PrecisionRecall thinned(const PrecisionRecall& curve, std::size_t points) {
  const std::size_t count = curve.precision.size();
  if (count <= points || points < 2) return curve;
  PrecisionRecall thin;
  thin.average_precision = curve.average_precision;
  for (std::size_t i = 0; i < points; ++i) {
    const std::size_t at = i * (count - 1) / (points - 1);
    if (at < curve.thresholds.size()) thin.thresholds.push_back(curve.thresholds[at]);
    thin.precision.push_back(curve.precision[at]);
    thin.recall.push_back(curve.recall[at]);
  }
  return thin;
}

std::vector<ThresholdRow> threshold_table(const Predictions& predictions,
                                          const std::vector<double>& thresholds) {
  // Samples that are not answered are predicted to be of a class of their own, which has no part
  // in the averages.
  const int unanswered = predictions.class_count;
  std::vector<ThresholdRow> rows;
  for (const double threshold : thresholds) {
    ThresholdRow row;
    row.threshold = threshold;
    std::vector<int> answers;
    std::int64_t right = 0;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      const bool is_answered = confidence_of(predictions, i) >= threshold;
      answers.push_back(is_answered ? predictions.predicted(i) : unanswered);
      row.answered += is_answered;
      right += answers.back() == predictions.labels[i];
    }
    const ClassificationReport report =
        classification_report(predictions.labels, answers, predictions.class_count + 1);
    std::vector<bool> occurs(static_cast<std::size_t>(predictions.class_count));
    for (const int label : predictions.labels) occurs[static_cast<std::size_t>(label)] = true;
    for (const int answer : answers) {
      if (answer != unanswered) occurs[static_cast<std::size_t>(answer)] = true;
    }
    const auto classes = std::count(occurs.begin(), occurs.end(), true);
    for (std::size_t c = 0; c < occurs.size(); ++c) {
      row.precision += report.classes[c].precision;
      row.recall += report.classes[c].recall;
      row.f1 += report.classes[c].f1;
    }
    for (double* mean : {&row.precision, &row.recall, &row.f1}) {
      *mean = classes > 0 ? *mean / static_cast<double>(classes) : 0;
    }
    row.accuracy = ratio(right, row.answered);
    rows.push_back(row);
  }
  return rows;
}

double top_k_accuracy(const Predictions& predictions, int k) {
  std::int64_t found = 0;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto p = predictions.of(i);
    const auto label = static_cast<std::size_t>(predictions.labels[i]);
    // Of equal ones the first is higher, as in the answer itself.
    std::int64_t higher = 0;
    for (std::size_t c = 0; c < p.size(); ++c) {
      higher += p[c] > p[label] || (p[c] == p[label] && c < label);
    }
    found += higher < k;
  }
  return ratio(found, static_cast<std::int64_t>(predictions.size()));
}

std::vector<ReliabilityBin> reliability(const Predictions& predictions, int bins) {
  std::vector<ReliabilityBin> result(static_cast<std::size_t>(bins));
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const double confidence = confidence_of(predictions, i);
    const int bin = std::clamp(static_cast<int>(confidence * bins), 0, bins - 1);
    ReliabilityBin& into = result[static_cast<std::size_t>(bin)];
    ++into.count;
    into.confidence += confidence;
    into.accuracy += predictions.predicted(i) == predictions.labels[i];
  }
  for (ReliabilityBin& bin : result) {
    if (bin.count == 0) continue;
    bin.confidence /= static_cast<double>(bin.count);
    bin.accuracy /= static_cast<double>(bin.count);
  }
  return result;
}

}  // namespace mat
