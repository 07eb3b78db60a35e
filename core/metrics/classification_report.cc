#include "core/metrics/classification_report.h"

#include <fmt/core.h>

#include <utility>

#include "core/base/error.h"

namespace mat {
namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

}  // namespace

void require_class_numbers(const std::vector<int>& labels, const std::vector<int>& predictions,
                           int class_count) {
  if (labels.size() != predictions.size()) {
    throw Error(ErrorKind::bug,
                fmt::format("{} labels for {} predictions", labels.size(), predictions.size()));
  }
  const auto is_class = [&](int number) { return number >= 0 && number < class_count; };
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!is_class(labels[i]) || !is_class(predictions[i])) {
      throw Error(ErrorKind::bug, fmt::format("class {} or {} of sample {} is none of {}",
                                              labels[i], predictions[i], i, class_count));
    }
  }
}

ClassificationReport classification_report(const std::vector<int>& labels,
                                           const std::vector<int>& predictions, int class_count) {
  require_class_numbers(labels, predictions, class_count);
  const auto size = static_cast<std::size_t>(class_count);
  std::vector<ScoreCounts> counts(size);
  Confusion confusion;
  if (class_count <= kMostInMatrix) confusion.assign(size, std::vector<std::int64_t>(size));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    const auto prediction = static_cast<std::size_t>(predictions[i]);
    ++counts[label].support;
    ++counts[prediction].predicted;
    if (label == prediction) ++counts[label].right;
    if (!confusion.empty()) ++confusion[label][prediction];
  }
  ClassificationReport report = classification_report(counts);
  report.confusion = std::move(confusion);
  return report;
}

ClassificationReport classification_report(const std::vector<ScoreCounts>& counts) {
  ClassificationReport report;
  std::int64_t correct = 0;
  int occurring = 0;
  ClassScore& weighted = report.weighted;
  for (const ScoreCounts& count : counts) {
    ClassScore score;
    score.support = count.support;
    const auto right = static_cast<double>(count.right);
    score.precision = ratio(right, static_cast<double>(count.predicted));
    score.recall = ratio(right, static_cast<double>(score.support));
    score.f1 = ratio(2 * score.precision * score.recall, score.precision + score.recall);
    report.classes.push_back(score);

    correct += count.right;
    const auto weight = static_cast<double>(score.support);
    weighted.precision += weight * score.precision;
    weighted.recall += weight * score.recall;
    weighted.f1 += weight * score.f1;
    weighted.support += score.support;
    if (count.predicted + score.support == 0) continue;
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
  Json json{{"accuracy", report.accuracy},
            {"precision", report.precision},
            {"recall", report.recall},
            {"f1", report.f1},
            {"weighted",
             {{"precision", report.weighted.precision},
              {"recall", report.weighted.recall},
              {"f1", report.weighted.f1}}},
            {"classes", classes}};
  if (!report.confusion.empty()) {
    json["confusion_matrix"] = {{"labels", class_names}, {"rows", report.confusion}};
  }
  json["samples"] = samples;
  return json;
}

}  // namespace mat
