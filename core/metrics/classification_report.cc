#include "core/metrics/classification_report.h"

#include <fmt/core.h>

#include <utility>

#include "core/base/error.h"

namespace mat {
namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

Confusion confusion_matrix(const std::vector<int>& labels, const std::vector<int>& predictions,
                           int class_count) {
  if (labels.size() != predictions.size()) {
    throw Error(ErrorKind::bug,
                fmt::format("{} labels for {} predictions", labels.size(), predictions.size()));
  }
  const auto is_class = [&](int number) { return number >= 0 && number < class_count; };
  const auto size = static_cast<std::size_t>(class_count);
  Confusion confusion(size, std::vector<std::int64_t>(size));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!is_class(labels[i]) || !is_class(predictions[i])) {
      throw Error(ErrorKind::bug, fmt::format("class {} or {} of sample {} is none of {}",
                                              labels[i], predictions[i], i, class_count));
    }
    ++confusion[static_cast<std::size_t>(labels[i])][static_cast<std::size_t>(predictions[i])];
  }
  return confusion;
}

}  // namespace

ClassificationReport classification_report(const std::vector<int>& labels,
                                           const std::vector<int>& predictions, int class_count) {
  return classification_report(confusion_matrix(labels, predictions, class_count));
}

ClassificationReport classification_report(Confusion confusion) {
  ClassificationReport report;
  report.confusion = std::move(confusion);
  std::int64_t correct = 0;
  int occurring = 0;
  ClassScore& weighted = report.weighted;
  for (std::size_t number = 0; number < report.confusion.size(); ++number) {
    ClassScore score;
    std::int64_t predicted = 0;
    for (const auto& row : report.confusion) predicted += row[number];
    for (const std::int64_t count : report.confusion[number]) score.support += count;
    const std::int64_t hits = report.confusion[number][number];
    score.precision = ratio(static_cast<double>(hits), static_cast<double>(predicted));
    score.recall = ratio(static_cast<double>(hits), static_cast<double>(score.support));
    score.f1 = ratio(2 * score.precision * score.recall, score.precision + score.recall);
    report.classes.push_back(score);

    correct += hits;
    const auto weight = static_cast<double>(score.support);
    weighted.precision += weight * score.precision;
    weighted.recall += weight * score.recall;
    weighted.f1 += weight * score.f1;
    weighted.support += score.support;
    if (predicted + score.support == 0) continue;
    ++occurring;
    report.precision += score.precision;
    report.recall += score.recall;
    report.f1 += score.f1;
  }
  const auto samples = static_cast<double>(weighted.support);
  report.accuracy = ratio(static_cast<double>(correct), samples);
  weighted.precision = ratio(weighted.precision, samples);
  weighted.recall = ratio(weighted.recall, samples);
  weighted.f1 = ratio(weighted.f1, samples);
  report.precision = ratio(report.precision, occurring);
  report.recall = ratio(report.recall, occurring);
  report.f1 = ratio(report.f1, occurring);
  return report;
}

Json to_json(const ClassificationReport& report, const std::vector<std::string>& class_names) {
  if (class_names.size() != report.classes.size()) {
    throw Error(ErrorKind::bug,
                fmt::format("{} names for {} classes", class_names.size(), report.classes.size()));
  }
  std::int64_t samples = 0;
  Json classes = Json::array();
  for (std::size_t number = 0; number < report.classes.size(); ++number) {
    const ClassScore& score = report.classes[number];
    samples += score.support;
    classes.push_back({{"name", class_names[number]},
                       {"precision", score.precision},
                       {"recall", score.recall},
                       {"f1", score.f1},
                       {"support", score.support}});
  }
  return {{"accuracy", report.accuracy},
          {"precision", report.precision},
          {"recall", report.recall},
          {"f1", report.f1},
          {"weighted",
           {{"precision", report.weighted.precision},
            {"recall", report.weighted.recall},
            {"f1", report.weighted.f1}}},
          {"classes", classes},
          {"confusion_matrix", {{"labels", class_names}, {"rows", report.confusion}}},
          {"samples", samples}};
}

}  // namespace mat
