#include "core/table/table_target.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/validation_count.h"

namespace mat {
namespace {

constexpr std::size_t kMostNumbersAsClasses = 20;
constexpr std::size_t kMostClasses = 1000;
constexpr std::size_t kRegressionStrata = 10;

std::optional<double> number_in(std::string_view text) {
  const auto number = parse_number(text);
  return number ? std::optional(*number + 0.0) : std::nullopt;  // -0 is the same class as 0
}

Error error_at(const CsvTable& table, std::size_t row, const std::string& what,
               const std::string& hint) {
  return Error(ErrorKind::usage, fmt::format("{}:{}: {}", table.name(), table.line_of(row), what),
               hint);
}

// The different values of a target column.
struct Values {
  std::set<std::string, std::less<>> texts;
  std::set<double> numbers;
  bool all_numbers = true;
  bool all_whole = true;
  std::size_t text_row = 0;  // of the first text that is no number
};

Values values_of(const CsvTable& table, std::size_t column) {
  Values values;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string_view text = trim(table.cell(row, column));
    if (is_missing(text)) continue;
    if (values.texts.size() <= kMostClasses && !values.texts.contains(text)) {
      values.texts.emplace(text);
    }
    if (const auto number = number_in(text)) {
      values.all_whole = values.all_whole && *number == std::floor(*number);
      if (values.numbers.size() <= kMostClasses) values.numbers.insert(*number);
    } else if (values.all_numbers) {
      values.all_numbers = false;
      values.text_row = row;
    }
  }
  return values;
}

}  // namespace

TableTarget::TableTarget(const CsvTable& table, const std::string& column, const std::string& task)
    : column_(column) {
  const std::size_t index = table.index_of(column, "to predict");
  const Values values = values_of(table, index);
  if (values.texts.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: the target '{}' has no values", table.name(), column));
  }
  const bool few_whole_numbers = values.all_whole && values.numbers.size() <= kMostNumbersAsClasses;
  const bool regression =
      task == "regression" || (task == "auto" && values.all_numbers && !few_whole_numbers);
  if (regression) {
    if (values.all_numbers) return;
    throw error_at(
        table, values.text_row,
        fmt::format("the target '{}' is not a number", table.cell(values.text_row, index)),
        "set task to classification to predict texts");
  }
  classes_are_numbers_ = values.all_numbers;
  if (classes_are_numbers_) {
    for (const double number : values.numbers) classes_.push_back(format_number(number));
  } else {
    classes_.assign(values.texts.begin(), values.texts.end());
  }
  if (classes_.size() < 2) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: the target '{}' has only one value, '{}'", table.name(), column,
                            classes_.front()),
                "a classification needs at least two classes");
  }
  if (classes_.size() > kMostClasses) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: the target '{}' has more than {} different values", table.name(),
                            column, kMostClasses),
                "set task to regression, or choose another target");
  }
}

TableTarget::TableTarget(std::string column, std::vector<std::string> classes)
    : column_(std::move(column)), classes_(std::move(classes)) {
  classes_are_numbers_ = std::all_of(classes_.begin(), classes_.end(), [](const std::string& name) {
    return number_in(name).has_value();
  });
}

TableTarget::Rows TableTarget::read(const CsvTable& table,
                                    std::map<std::string, std::int64_t>* unknown) const {
  const std::size_t column = table.index_of(column_, "to predict");
  std::unordered_map<std::string_view, double> labels;
  for (const auto& name : classes_) labels.emplace(name, static_cast<double>(labels.size()));
  Rows result;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::string_view text = trim(table.cell(row, column));
    if (is_missing(text)) continue;
    const auto number = number_in(text);
    double value = 0;
    if (is_regression()) {
      if (!number) {
        throw error_at(table, row, fmt::format("the target '{}' is not a number", text), "");
      }
      value = *number;
    } else {
      const std::string spelled =
          classes_are_numbers_ && number ? format_number(*number) : std::string(text);
      const auto found = labels.find(spelled);
      if (found == labels.end() && unknown != nullptr) {
        ++(*unknown)[spelled];
        continue;
      }
      if (found == labels.end()) {
        throw error_at(table, row, fmt::format("the class '{}' is not in the training rows", text),
                       "");
      }
      value = found->second;
    }
    result.rows.push_back(row);
    result.values.push_back(value);
  }
  return result;
}

namespace {

// The rows that are split alike: by class, or by ranges of as many numbers each.
std::vector<std::vector<std::size_t>> strata_of(const std::vector<double>& values,
                                                bool regression) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!regression) {
    std::map<double, std::vector<std::size_t>> by_class;
    for (const std::size_t i : order) by_class[values[i]].push_back(i);
    std::vector<std::vector<std::size_t>> strata;
    for (auto& entry : by_class) strata.push_back(std::move(entry.second));
    return strata;
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  const std::size_t count = std::clamp<std::size_t>(order.size() / 10, 1, kRegressionStrata);
  std::vector<std::vector<std::size_t>> strata(count);
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    strata[rank * count / order.size()].push_back(order[rank]);
  }
  return strata;
}

}  // namespace

TableSplit split_table(const TableTarget::Rows& rows, bool regression, double validation_ratio,
                       std::uint64_t seed) {
  TableSplit split;
  for (auto& stratum : strata_of(rows.values, regression)) {
    const auto key = [&](std::size_t i) {
      const std::uint64_t row = rows.rows[i];
      return XXH3_64bits_withSeed(&row, sizeof row, seed);
    };
    std::sort(stratum.begin(), stratum.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(key(a), a) < std::pair(key(b), b);
    });
    const auto middle = stratum.begin() + static_cast<std::ptrdiff_t>(
                                              validation_count(stratum.size(), validation_ratio));
    split.validation.insert(split.validation.end(), stratum.begin(), middle);
    split.train.insert(split.train.end(), middle, stratum.end());
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

}  // namespace mat
