#include "core/curves/metric_groups.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::array<std::string_view, 10> kSets{
    "train", "training", "val", "valid", "validation", "test", "eval", "epoch", "step", "dev"};
constexpr std::array<std::string_view, 8> kFirst{"loss", "accuracy", "acc", "rmse",
                                                 "mae",  "mse",      "r2",  "f1"};

template <std::size_t Count>
bool is_among(std::string_view word, const std::array<std::string_view, Count>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> words_of(std::string_view metric) {
  std::vector<std::string> words(1);
  for (const char c : lower(metric)) {
    if (is_letter_or_digit(c)) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// The name without words that only say on which data: "val/loss" is of the loss.
std::string quantity_of(const std::string& metric) {
  std::vector<std::string> words;
  for (std::string& word : words_of(metric)) {
    if (!is_among(word, kSets)) words.push_back(std::move(word));
  }
  return words.empty() ? metric : join(words, "_");
}

std::size_t rank_of(const std::string& quantity) {
  const auto found = std::find(kFirst.begin(), kFirst.end(), quantity);
  if (found != kFirst.end()) return static_cast<std::size_t>(found - kFirst.begin());
  const bool is_setting = quantity == "lr" || quantity == "learning_rate" ||
                          quantity.ends_with("per_second") || quantity.ends_with("deviation") ||
                          quantity == "epoch" || quantity == "step";
  return kFirst.size() + (is_setting ? 1 : 0);
}

}  // namespace

bool is_of_training(std::string_view metric) {
  const std::vector<std::string> words = words_of(metric);
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word == "train" || word == "training"; });
}

std::vector<MetricGroup> metric_groups(const std::vector<std::string>& metrics) {
  std::vector<MetricGroup> groups;
  for (const std::string& metric : metrics) {
    const std::string quantity = quantity_of(metric);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const MetricGroup& g) { return g.title == quantity; });
    if (group == groups.end()) group = groups.insert(groups.end(), {quantity, {}});
    group->metrics.push_back(metric);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const MetricGroup& a, const MetricGroup& b) {
    return rank_of(a.title) < rank_of(b.title);
  });
  for (MetricGroup& group : groups) {
    std::stable_partition(group.metrics.begin(), group.metrics.end(),
                          [](const std::string& metric) { return !is_of_training(metric); });
    if (group.metrics.size() == 1) group.title = group.metrics.front();
  }
  return groups;
}

}  // namespace mat
