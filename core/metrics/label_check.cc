#include "core/metrics/label_check.h"

#include <algorithm>
#include <cmath>

namespace mat {
namespace {

constexpr double kLeastGain = 0.1;

// The mean probability of each class at the samples that have its label.
std::vector<double> confidence_by_class(const Predictions& predictions) {
  const auto classes = static_cast<std::size_t>(predictions.class_count);
  std::vector<double> sums(classes, 0);
  std::vector<std::size_t> counts(classes, 0);
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto label = static_cast<std::size_t>(predictions.labels[i]);
    sums[label] += predictions.of(i)[label];
    ++counts[label];
  }
  for (std::size_t c = 0; c < classes; ++c) {
    if (counts[c] > 0) sums[c] /= static_cast<double>(counts[c]);
  }
  return sums;
}

// Labels are ranked by the mean of what all that were tried have said.
double mean_accuracy(const Json& search) {
  if (!search.is_object()) return 0;
  double sum = 0;
  int count = 0;
  for (const Json& tried : search.value("candidates", Json::array())) {
    if (!tried.contains("accuracy") || !tried["accuracy"].is_number()) continue;
    sum += tried["accuracy"].get<double>();
    ++count;
  }
  return count == 0 ? 0 : sum / count;
}

}  // namespace

bool LabelJudge::is_useful() const {
  if (pictures == 0) return false;
  const double error = std::sqrt(chance * (1 - chance) / static_cast<double>(pictures));
  // Where one label is nearly all there is, there is little to be better by.
  const double gain = std::min(std::max(kLeastGain, 3 * error), (1 - chance) / 2);
  return accuracy > chance + gain;
}

LabelJudge label_judge(const Json& facts) {
  LabelJudge judge;
  judge.accuracy = mean_accuracy(facts.value("search", Json()));
  std::int64_t most = 0;
  const Json dataset = facts.value("dataset", Json());
  if (!dataset.is_object() || !dataset.contains("per_class")) return judge;
  for (const auto& [name, counts] : dataset["per_class"].items()) {
    const auto pictures = counts.value("train", std::int64_t{0});
    judge.pictures += pictures;
    most = std::max(most, pictures);
  }
  judge.known_before = facts.value("labels_known_before", std::int64_t{0});
  if (judge.pictures > 0) {
    judge.chance = static_cast<double>(most) / static_cast<double>(judge.pictures);
  }
  return judge;
}

std::vector<LabelSuspect> rank_labels(const Predictions& out_of_sample) {
  const std::vector<double> usual = confidence_by_class(out_of_sample);
  std::vector<LabelSuspect> suspects(out_of_sample.size());
  for (std::size_t i = 0; i < suspects.size(); ++i) {
    LabelSuspect& suspect = suspects[i];
    const auto p = out_of_sample.of(i);
    const auto label = static_cast<std::size_t>(out_of_sample.labels[i]);
    suspect.sample = i;
    suspect.suggested = out_of_sample.labels[i];
    double highest = -2;
    for (std::size_t c = 0; c < p.size(); ++c) {
      if (c == label || p[c] - usual[c] <= highest) continue;
      highest = p[c] - usual[c];
      suspect.suggested = static_cast<int>(c);
    }
    suspect.given_score = p[label];
    suspect.suggested_score = p[static_cast<std::size_t>(suspect.suggested)];
    suspect.suspicion = (highest - (p[label] - usual[label])) / 2;
  }
  std::stable_sort(
      suspects.begin(), suspects.end(),
      [](const LabelSuspect& a, const LabelSuspect& b) { return a.suspicion > b.suspicion; });
  return suspects;
}

}  // namespace mat
