#include "core/table/labelled_table.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

struct Tables {
  CsvTable train;
  std::optional<CsvTable> val;
};

Tables read_tables(const fs::path& data, const CsvOptions& options) {
  std::error_code error;
  if (!fs::is_directory(data, error)) return {CsvTable::read(data, options), std::nullopt};
  if (!fs::exists(data / "train.csv", error)) {
    throw Error(ErrorKind::usage, fmt::format("there is no train.csv in '{}'", data.string()),
                "give a CSV file, or a folder with train.csv and perhaps val.csv");
  }
  Tables tables{CsvTable::read(data / "train.csv", options), std::nullopt};
  if (fs::exists(data / "val.csv", error)) tables.val = CsvTable::read(data / "val.csv", options);
  return tables;
}

CsvOptions options_from(const Json& hyperparameters) {
  CsvOptions options;
  options.delimiter = delimiter_of(hyperparameters);
  return options;
}

// The target and the columns that the user wants left out.
std::vector<std::string> columns_without(const CsvTable& table, const Json& hyperparameters) {
  const auto& target = hyperparameters.at("target").get_ref<const std::string&>();
  std::vector<std::string> without = {target};
  for (const auto& part :
       split(hyperparameters.at("ignore_columns").get_ref<const std::string&>(), ',')) {
    std::string name(trim(part));
    if (name.empty()) continue;
    table.index_of(name, "to ignore");
    if (name == target) {
      throw Error(ErrorKind::usage, fmt::format("the target '{}' cannot be ignored", name));
    }
    without.push_back(std::move(name));
  }
  return without;
}

TableTarget::Rows picked(const TableTarget::Rows& rows, const std::vector<std::size_t>& indexes) {
  TableTarget::Rows part;
  for (const std::size_t i : indexes) {
    part.rows.push_back(rows.rows[i]);
    part.values.push_back(rows.values[i]);
  }
  return part;
}

void choose_rows(LabelledTable& table, double validation_ratio, std::uint64_t seed) {
  auto rows = table.target.read(table.train);
  table.without_target = table.train.rows() - rows.rows.size();
  if (table.val) {
    table.train_rows = std::move(rows);
    table.validation_rows = table.target.read(*table.val);
    table.without_target += table.val->rows() - table.validation_rows.rows.size();
  } else {
    const auto split = split_table(rows, table.target.is_regression(), validation_ratio, seed);
    table.train_rows = picked(rows, split.train);
    table.validation_rows = picked(rows, split.validation);
  }
  if (table.train_rows.rows.size() < 2 || table.validation_rows.rows.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("{} has too few rows with a target: {} to train with and {} to "
                            "validate with",
                            table.train.name(), table.train_rows.rows.size(),
                            table.validation_rows.rows.size()));
  }
}

}  // namespace

char delimiter_of(const Json& hyperparameters) {
  const auto& delimiter = hyperparameters.at("delimiter").get_ref<const std::string&>();
  return delimiter == "tab" ? '\t' : delimiter.at(0);
}

LabelledTable read_labelled_table(const fs::path& data, const Json& hyperparameters,
                                  std::uint64_t seed) {
  Tables tables = read_tables(data, options_from(hyperparameters));
  auto without = columns_without(tables.train, hyperparameters);
  TableTarget target(tables.train, without.front(),
                     hyperparameters.at("task").get_ref<const std::string&>());
  LabelledTable table{std::move(tables.train),
                      std::move(tables.val),
                      std::move(without),
                      std::move(target),
                      {},
                      {}};
  choose_rows(table, hyperparameters.at("validation_ratio").get<double>(), seed);
  return table;
}

}  // namespace mat
