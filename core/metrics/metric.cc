#include "core/metrics/metric.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

using std::string_view;

constexpr std::size_t kMaxNameLength = 128;

// Words of metrics' names, or two words joined by '_'. What is in neither table has no direction:
// lr, epoch, batch_size, momentum, grad_norm.
constexpr string_view kLowerIsBetter =
    "loss losses error errors err mse rmse mae mape smape msle rmsle nll crossentropy "
    "cross_entropy perplexity ppl bpc bpb wer cer eer ece fid brier hinge hamming divergence kl "
    "cost regret misses mistakes deviation fpr fnr false_positive false_positives false_negative "
    "false_negatives latency duration time seconds ms";
constexpr string_view kHigherIsBetter =
    "accuracy acc precision recall f1 f2 fbeta fscore auc auroc auprc roc ap map r2 "
    "explained_variance top1 top3 top5 iou miou dice jaccard mcc kappa specificity sensitivity "
    "bleu rouge meteor ndcg mrr psnr ssim score reward correlation pearson spearman tpr tnr "
    "true_positive true_positives true_negative true_negatives correct throughput speed";
// Speeds, though seconds alone are better when few.
constexpr string_view kRates = "per_second per_sec per_s per_minute per_hour";

using Words = std::unordered_set<string_view>;

Words words_of(string_view table) {
  Words words;
  while (!table.empty()) {
    const std::size_t end = std::min(table.find(' '), table.size());
    words.insert(table.substr(0, end));
    table.remove_prefix(std::min(end + 1, table.size()));
  }
  return words;
}

// The words of a name in lower case, and each two neighbours joined by '_'.
std::vector<std::string> words_and_pairs(string_view metric) {
  std::vector<std::string> words(1);
  for (const char c : metric) {
    if (is_letter_or_digit(c)) {
      words.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  const std::size_t count = words.size();
  for (std::size_t i = 1; i < count; ++i) words.push_back(words[i - 1] + '_' + words[i]);
  return words;
}

// Every value of a summary with its step.
struct SummaryField {
  const char* value_name;
  double MetricSummary::*value;
  const char* step_name;
  std::int64_t MetricSummary::*step;
};
constexpr SummaryField kSummaryFields[] = {
    {"first", &MetricSummary::first, "first_step", &MetricSummary::first_step},
    {"last", &MetricSummary::last, "last_step", &MetricSummary::last_step},
    {"min", &MetricSummary::min, "min_step", &MetricSummary::min_step},
    {"max", &MetricSummary::max, "max_step", &MetricSummary::max_step},
    {"best", &MetricSummary::best, "best_step", &MetricSummary::best_step},
};
constexpr const char* kSummaryName = "the summary of a metric";

}  // namespace

Direction direction_of(string_view metric) {
  static const Words rates = words_of(kRates);
  static const Words lower = words_of(kLowerIsBetter);
  static const Words higher = words_of(kHigherIsBetter);
  const std::vector<std::string> words = words_and_pairs(metric);
  const auto has_one_of = [&](const Words& table) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return table.contains(word); });
  };
  if (has_one_of(rates)) return Direction::higher_is_better;
  // Before higher: "accuracy_loss", "brier_score" and "precision_error" are better when lower.
  if (has_one_of(lower)) return Direction::lower_is_better;
  if (has_one_of(higher)) return Direction::higher_is_better;
  return Direction::unknown;
}

void check_metric_name(string_view name) {
  const bool valid = !name.empty() && name.size() <= kMaxNameLength &&
                     is_letter_or_digit(name.front()) &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.' || c == '/';
                     });
  if (valid) return;
  throw Error(ErrorKind::usage, fmt::format("'{}' cannot be the name of a metric", name),
              fmt::format("use 1 to {} letters, digits, '_', '-', '.' or '/', beginning with a "
                          "letter or digit",
                          kMaxNameLength));
}

void MetricSummary::add(std::int64_t step, double value, Direction direction) {
  const bool is_first = count == 0;
  ++count;
  last = value;
  last_step = step;

  // A NaN that stands in a field means that no number has come yet; any number replaces it.
  const auto put = [&](double& field, std::int64_t& field_step, bool wins) {
    if (!is_first && !(std::isnan(field) && !std::isnan(value)) && !wins) return;
    field = value;
    field_step = step;
  };
  put(first, first_step, false);
  put(min, min_step, value < min);
  put(max, max_step, value > max);
  // A loss of minus infinity is a failure.
  value = std::isinf(value) ? std::nan("") : value;
  switch (direction) {
    case Direction::higher_is_better:
      return put(best, best_step, value > best);
    case Direction::lower_is_better:
      return put(best, best_step, value < best);
    case Direction::unknown:
      return put(best, best_step, !std::isnan(value));
  }
}

Json to_json(const MetricSummary& summary) {
  Json json{{"count", summary.count}};
  for (const SummaryField& field : kSummaryFields) {
    json[field.value_name] = number_to_json(summary.*field.value);
    json[field.step_name] = summary.*field.step;
  }
  return json;
}

MetricSummary metric_summary_from_json(const Json& json) {
  MetricSummary summary;
  try {
    summary.count = json.at("count").get<std::int64_t>();
    for (const SummaryField& field : kSummaryFields) {
      summary.*field.value = number_from_json(json.at(field.value_name), kSummaryName);
      summary.*field.step = json.at(field.step_name).get<std::int64_t>();
    }
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("{} is damaged: {}", kSummaryName, e.what()));
  }
  return summary;
}

}  // namespace mat
