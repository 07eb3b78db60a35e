#include "trainers/data/tabular_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/dataset/csv_table.h"
#include "core/dataset/table_encoder.h"
#include "core/dataset/table_target.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

struct Tables {
  CsvTable train;
  std::optional<CsvTable> validation;
};

Tables read_tables(const fs::path& data, const CsvOptions& options) {
  std::error_code error;
  if (!fs::is_directory(data, error)) {
    if (!fs::exists(data, error)) {
      throw Error(ErrorKind::usage, fmt::format("there is no file '{}'", data.string()));
    }
    return {CsvTable::read(data, options), std::nullopt};
  }
  if (!fs::exists(data / "train.csv", error)) {
    throw Error(ErrorKind::usage, fmt::format("there is no train.csv in '{}'", data.string()),
                "give a CSV file, or a folder with train.csv and perhaps val.csv");
  }
  Tables tables{CsvTable::read(data / "train.csv", options), std::nullopt};
  if (fs::exists(data / "val.csv", error)) {
    tables.validation = CsvTable::read(data / "val.csv", options);
  }
  return tables;
}

CsvOptions options_from(const Json& hyperparameters) {
  CsvOptions options;
  const auto& delimiter = hyperparameters.at("delimiter").get_ref<const std::string&>();
  options.delimiter = delimiter == "tab" ? '\t' : delimiter.at(0);
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
    const auto& columns = table.columns();
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} has no column '{}' to ignore", table.name(), name),
                  name_hint(name, columns));
    }
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

torch::Tensor input_tensor(const TableEncoder& encoder, const CsvTable& table,
                           const TableTarget::Rows& rows) {
  auto numbers = std::make_shared<std::vector<float>>(encoder.encode(table, rows.rows));
  const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(rows.rows.size()),
                                           static_cast<std::int64_t>(encoder.inputs())};
  return torch::from_blob(
      numbers->data(), shape, [numbers](void*) {}, torch::kFloat32);
}

class TabularReader {
 public:
  TabularReader(const fs::path& data, const Json& hyperparameters, std::uint64_t seed)
      : hyperparameters_(hyperparameters),
        tables_(read_tables(data, options_from(hyperparameters))),
        without_(columns_without(tables_.train, hyperparameters)),
        target_(tables_.train, without_.front(),
                hyperparameters.at("task").get_ref<const std::string&>()) {
    choose_rows(seed);
  }

  TabularData read(const fs::path& data) {
    const auto encoder = TableEncoder::learn(tables_.train, train_.rows, without_);
    TabularData result;
    result.train_inputs = input_tensor(encoder, tables_.train, train_);
    result.validation_inputs = input_tensor(encoder, validation_table(), validation_);
    result.classes = target_.classes();
    if (target_.is_regression()) standardize_by_training(result);
    result.train_targets = target_tensor(train_, result);
    result.validation_targets = target_tensor(validation_, result);
    const char* prefix = tables_.validation ? "val row" : "row";
    for (const std::size_t row : validation_.rows) {
      result.validation_names.push_back(fmt::format("{} {}", prefix, row + 1));
    }
    result.preprocessing = preprocessing(encoder, result);
    result.description = description(encoder, data);
    return result;
  }

 private:
  const CsvTable& validation_table() const {
    return tables_.validation ? *tables_.validation : tables_.train;
  }

  void choose_rows(std::uint64_t seed) {
    const auto rows = target_.read(tables_.train);
    without_target_ = tables_.train.rows() - rows.rows.size();
    if (tables_.validation) {
      train_ = rows;
      validation_ = target_.read(*tables_.validation);
      without_target_ += tables_.validation->rows() - validation_.rows.size();
    } else {
      const auto split = split_table(rows, target_.is_regression(),
                                     hyperparameters_.at("validation_ratio").get<double>(), seed);
      train_ = picked(rows, split.train);
      validation_ = picked(rows, split.validation);
    }
    if (train_.rows.size() < 2 || validation_.rows.empty()) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} has too few rows with a target: {} to train with and {} to "
                              "validate with",
                              tables_.train.name(), train_.rows.size(), validation_.rows.size()));
    }
  }

  void standardize_by_training(TabularData& result) const {
    const auto count = static_cast<double>(train_.values.size());
    double sum = 0;
    for (const double value : train_.values) sum += value;
    result.target_mean = sum / count;
    double squares = 0;
    for (const double value : train_.values) squares += std::pow(value - result.target_mean, 2);
    result.target_deviation = std::sqrt(squares / count);
    if (!std::isfinite(result.target_mean) || !std::isfinite(result.target_deviation)) {
      throw Error(ErrorKind::usage, "the numbers of the target are too large to compute with");
    }
    if (result.target_deviation == 0) {
      throw Error(ErrorKind::usage, "the target is the same number in all training rows");
    }
  }

  torch::Tensor target_tensor(const TableTarget::Rows& rows, const TabularData& result) const {
    const auto values = torch::tensor(rows.values, torch::kFloat64);
    if (!target_.is_regression()) return values.to(torch::kInt64);
    return ((values - result.target_mean) / result.target_deviation)
        .to(torch::kFloat32)
        .unsqueeze(1);
  }

  Json preprocessing(const TableEncoder& encoder, const TabularData& result) const {
    Json json = {{"kind", "table"},
                 {"columns", encoder.to_json()},
                 {"target", without_.front()},
                 {"task", task()}};
    if (target_.is_regression()) {
      json["target_mean"] = result.target_mean;
      json["target_deviation"] = result.target_deviation;
    } else {
      json["classes"] = result.classes;
    }
    return json;
  }

  Json description(const TableEncoder& encoder, const fs::path& data) const {
    Json columns = Json::array();
    for (const auto& column : encoder.columns()) columns.push_back(column.name);
    Json left_out = Json::object();
    for (const auto& column : encoder.left_out()) left_out[column.name] = column.reason;
    for (std::size_t i = 1; i < without_.size(); ++i) left_out[without_[i]] = "ignore_columns";
    std::string fingerprint = tables_.train.fingerprint();
    if (tables_.validation) fingerprint += "+" + tables_.validation->fingerprint();
    return {{"root", data.string()},
            {"fingerprint", fingerprint},
            {"task", task()},
            {"classes", target_.classes()},
            {"train", train_.rows.size()},
            {"validation", validation_.rows.size()},
            {"without_target", without_target_},
            {"columns", columns},
            {"left_out_columns", left_out},
            {"inputs", encoder.inputs()}};
  }

  const char* task() const { return target_.is_regression() ? "regression" : "classification"; }

  const Json& hyperparameters_;
  Tables tables_;
  std::vector<std::string> without_;  // the target first
  TableTarget target_;
  TableTarget::Rows train_;
  TableTarget::Rows validation_;
  std::size_t without_target_ = 0;
};

}  // namespace

TabularData read_tabular(const fs::path& data, const Json& hyperparameters, std::uint64_t seed) {
  return TabularReader(data, hyperparameters, seed).read(data);
}

}  // namespace mat
