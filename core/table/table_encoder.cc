#include "core/table/table_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kMostCategories = 64;
constexpr std::size_t kMostBytes = std::size_t{4} << 30;

bool is_infinite(std::string_view cell) {
  std::string word = lower(trim(cell));
  if (!word.empty() && (word[0] == '-' || word[0] == '+')) word.erase(0, 1);
  return word == "inf" || word == "infinity";
}

std::optional<double> number_in(std::string_view cell) { return parse_number(trim(cell)); }

// What stands in the cells of a column.
struct Census {
  std::unordered_map<std::string_view, std::size_t> texts;  // how often each, missing ones left out
  std::size_t missing = 0;
  std::size_t infinite = 0;
  std::size_t others = 0;  // neither missing nor numbers
  std::size_t numbers = 0;
  double mean = 0;
  double squares = 0;  // of the distances from the mean, summed

  void add(std::string_view cell) {
    if (is_missing(cell)) {
      ++missing;
      return;
    }
    ++texts[trim(cell)];
    if (const auto number = number_in(cell)) {
      ++numbers;
      const double distance = *number - mean;
      mean += distance / static_cast<double>(numbers);
      squares += distance * (*number - mean);
    } else if (is_infinite(cell)) {
      ++infinite;
    } else {
      ++others;
    }
  }

  bool is_number() const {
    if (numbers == 0) return false;
    return others == 0 || (others * 19 <= numbers && texts.size() > kMostCategories);
  }
};

// Empty when the column tells something.
std::string why_useless(const Census& census, std::size_t rows) {
  if (census.texts.empty()) return "no values";
  if (census.is_number()) {
    const bool constant = census.squares == 0;
    return constant && census.numbers == rows ? "one value only" : "";
  }
  if (census.texts.size() == 1 && census.missing == 0) return "one value only";
  const bool all_different = census.texts.size() == rows - census.missing;
  return all_different && census.texts.size() > kMostCategories ? "another text in every row" : "";
}

std::vector<std::string> most_frequent(const Census& census) {
  std::vector<std::pair<std::string_view, std::size_t>> texts(census.texts.begin(),
                                                              census.texts.end());
  std::sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (texts.size() > kMostCategories) texts.resize(kMostCategories);
  std::vector<std::string> names;
  for (const auto& text : texts) names.emplace_back(text.first);
  return names;
}

TableEncoder::Column column_from(std::string name, const Census& census) {
  TableEncoder::Column column;
  column.name = std::move(name);
  column.is_number = census.is_number();
  if (!column.is_number) {
    column.categories = most_frequent(census);
    column.has_other = census.texts.size() > column.categories.size();
    column.has_missing = census.missing > 0;
    return column;
  }
  column.has_missing = census.missing + census.infinite + census.others > 0;
  column.mean = census.mean;
  const double deviation = std::sqrt(census.squares / static_cast<double>(census.numbers));
  if (!std::isfinite(deviation) || !std::isfinite(census.mean)) {
    throw Error(
        ErrorKind::usage,
        fmt::format("the numbers in column '{}' are too large to compute with", column.name));
  }
  if (deviation > 0) column.deviation = deviation;
  return column;
}

// Writes the inputs of one cell; they are zero before.
class CellEncoder {
 public:
  explicit CellEncoder(const TableEncoder::Column& column) : column_(column) {
    for (std::size_t i = 0; i < column.categories.size(); ++i) {
      places_.emplace(column.categories[i], i);
    }
  }

  double number(std::string_view cell) const {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    if (column_.is_number) return number_in(cell).value_or(kNone);
    if (is_missing(cell)) return kNone;
    const auto found = places_.find(trim(cell));
    return static_cast<double>(found == places_.end() ? places_.size() : found->second);
  }

  void encode(std::string_view cell, float* out) const {
    column_.is_number ? encode_number(cell, out) : encode_category(cell, out);
  }

 private:
  void encode_number(std::string_view cell, float* out) const {
    if (const auto number = number_in(cell)) {
      const double value = (*number - column_.mean) / column_.deviation;
      out[0] = static_cast<float>(
          std::clamp(value, -TableEncoder::kLargestInput, TableEncoder::kLargestInput));
    } else if (column_.has_missing) {
      out[1] = 1;
    }
  }

  void encode_category(std::string_view cell, float* out) const {
    const std::size_t count = places_.size();
    if (is_missing(cell)) {
      if (column_.has_missing) out[column_.inputs() - 1] = 1;
    } else if (const auto found = places_.find(trim(cell)); found != places_.end()) {
      out[found->second] = 1;
    } else if (column_.has_other) {
      out[count] = 1;
    }
  }

  const TableEncoder::Column& column_;
  std::unordered_map<std::string_view, std::size_t> places_;
};

void require_memory(std::size_t rows, std::size_t width, std::size_t bytes) {
  if (width == 0 || rows <= kMostBytes / bytes / width) return;
  throw Error(ErrorKind::usage,
              fmt::format("{} rows of {} inputs are more than {} of memory", rows, width,
                          format_bytes(kMostBytes)),
              "leave columns out with ignore_columns");
}

}  // namespace

std::size_t TableEncoder::Column::inputs() const {
  const std::size_t values = is_number ? 1 : categories.size() + (has_other ? 1 : 0);
  return values + (has_missing ? 1 : 0);
}

TableEncoder TableEncoder::learn(const CsvTable& table, const std::vector<std::size_t>& rows,
                                 const std::vector<std::string>& without) {
  TableEncoder encoder;
  for (std::size_t column = 0; column < table.columns().size(); ++column) {
    const std::string& name = table.columns()[column];
    if (std::find(without.begin(), without.end(), name) != without.end()) continue;
    Census census;
    for (const std::size_t row : rows) census.add(table.cell(row, column));
    if (std::string reason = why_useless(census, rows.size()); !reason.empty()) {
      encoder.left_out_.push_back({name, std::move(reason)});
    } else {
      encoder.columns_.push_back(column_from(name, census));
    }
  }
  if (encoder.columns_.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("{} has no column to learn from beside the target", table.name()),
                "is the delimiter right?");
  }
  return encoder;
}

TableEncoder TableEncoder::from_json(const Json& json) {
  TableEncoder encoder;
  try {
    for (const auto& entry : json) {
      Column column;
      column.name = entry.at("name").get<std::string>();
      column.is_number = entry.at("type").get<std::string>() == "number";
      column.has_missing = entry.at("has_missing").get<bool>();
      if (column.is_number) {
        column.mean = entry.at("mean").get<double>();
        column.deviation = entry.at("deviation").get<double>();
        if (!std::isfinite(column.mean) || !(column.deviation > 0)) {
          throw Error(
              ErrorKind::io,
              fmt::format("the numbers of column '{}' cannot be standardized", column.name));
        }
      } else {
        column.categories = entry.at("categories").get<std::vector<std::string>>();
        column.has_other = entry.at("has_other").get<bool>();
      }
      encoder.columns_.push_back(std::move(column));
    }
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::io, fmt::format("not a description of table columns: {}", e.what()));
  }
  return encoder;
}

Json TableEncoder::to_json() const {
  Json json = Json::array();
  for (const auto& column : columns_) {
    Json entry = {{"name", column.name}, {"type", column.is_number ? "number" : "category"}};
    if (column.is_number) {
      entry["mean"] = column.mean;
      entry["deviation"] = column.deviation;
    } else {
      entry["categories"] = column.categories;
      entry["has_other"] = column.has_other;
    }
    entry["has_missing"] = column.has_missing;
    json.push_back(std::move(entry));
  }
  return json;
}

std::size_t TableEncoder::inputs() const {
  std::size_t count = 0;
  for (const auto& column : columns_) count += column.inputs();
  return count;
}

std::vector<float> TableEncoder::encode(std::size_t rows, const Cell& cell) const {
  const std::size_t width = inputs();
  require_memory(rows, width, sizeof(float));
  std::vector<float> out(rows * width);
  std::size_t place = 0;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const CellEncoder encoder(columns_[c]);
    for (std::size_t i = 0; i < rows; ++i) {
      encoder.encode(cell(i, c), out.data() + i * width + place);
    }
    place += columns_[c].inputs();
  }
  return out;
}

std::vector<float> TableEncoder::encode(const CsvTable& table,
                                        const std::vector<std::size_t>& rows) const {
  std::vector<std::size_t> places;
  for (const Column& column : columns_) places.push_back(table.index_of(column.name));
  return encode(rows.size(), [&](std::size_t row, std::size_t column) {
    return table.cell(rows[row], places[column]);
  });
}

std::vector<double> TableEncoder::numbers(const CsvTable& table,
                                          const std::vector<std::size_t>& rows) const {
  require_memory(rows.size(), columns_.size(), sizeof(double));
  std::vector<double> out(rows.size() * columns_.size());
  for (std::size_t place = 0; place < columns_.size(); ++place) {
    const std::size_t index = table.index_of(columns_[place].name);
    const CellEncoder encoder(columns_[place]);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      out[i * columns_.size() + place] = encoder.number(table.cell(rows[i], index));
    }
  }
  return out;
}

}  // namespace mat
