#include "trainers/data/tabular_data.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "core/base/error.h"
#include "core/table/labelled_table.h"
#include "core/table/table_encoder.h"
#include "core/training/table_description.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

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
      : table_(read_labelled_table(data, hyperparameters, seed)),
        delimiter_(delimiter_of(hyperparameters)) {}

  TabularData read(const fs::path& data) {
    const auto encoder = TableEncoder::learn(table_.train, table_.train_rows.rows, table_.without);
    TabularData result;
    result.train_inputs = input_tensor(encoder, table_.train, table_.train_rows);
    result.validation_inputs =
        input_tensor(encoder, table_.validation_table(), table_.validation_rows);
    result.classes = table_.target.classes();
    if (table_.target.is_regression()) standardize_by_training(result);
    result.train_targets = target_tensor(table_.train_rows, result);
    result.validation_targets = target_tensor(table_.validation_rows, result);
    const char* prefix = table_.val ? "val row" : "row";
    for (const std::size_t row : table_.validation_rows.rows) {
      result.validation_names.push_back(fmt::format("{} {}", prefix, row + 1));
    }
    result.preprocessing = preprocessing(encoder, result);
    result.description = description(encoder, data);
    result.known = known_rows(encoder);
    return result;
  }

 private:
  void standardize_by_training(TabularData& result) const {
    const auto count = static_cast<double>(table_.train_rows.values.size());
    double sum = 0;
    for (const double value : table_.train_rows.values) sum += value;
    result.target_mean = sum / count;
    double squares = 0;
    for (const double value : table_.train_rows.values)
      squares += std::pow(value - result.target_mean, 2);
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
    if (!table_.target.is_regression()) return values.to(torch::kInt64);
    return ((values - result.target_mean) / result.target_deviation)
        .to(torch::kFloat32)
        .unsqueeze(1);
  }

  Json preprocessing(const TableEncoder& encoder, const TabularData& result) const {
    return to_json(TableDescription{.target = table_.without.front(),
                                    .classes = result.classes,
                                    .delimiter = delimiter_,
                                    .encoder = encoder,
                                    .target_mean = result.target_mean,
                                    .target_deviation = result.target_deviation});
  }

  Json description(const TableEncoder& encoder, const fs::path& data) const {
    Json columns = Json::array();
    for (const auto& column : encoder.columns()) columns.push_back(column.name);
    Json left_out = Json::object();
    for (const auto& column : encoder.left_out()) left_out[column.name] = column.reason;
    for (std::size_t i = 1; i < table_.without.size(); ++i)
      left_out[table_.without[i]] = "ignore_columns";
    std::string fingerprint = table_.train.fingerprint();
    if (table_.val) fingerprint += "+" + table_.val->fingerprint();
    return {{"root", data.string()},
            {"fingerprint", fingerprint},
            {"task", task()},
            {"classes", table_.target.classes()},
            {"train", table_.train_rows.rows.size()},
            {"validation", table_.validation_rows.rows.size()},
            {"without_target", table_.without_target},
            {"columns", columns},
            {"left_out_columns", left_out},
            {"inputs", encoder.inputs()}};
  }

  KnownContents known_rows(const TableEncoder& encoder) const {
    const auto columns = columns_of_rows(encoder, table_.without.front());
    const auto contents = [&](const CsvTable& table, const TableTarget::Rows& rows) {
      const auto all = contents_of_rows(table, rows.rows, columns);
      return std::unordered_set<Content, ContentHash>(all.begin(), all.end());
    };
    return {contents(table_.train, table_.train_rows),
            contents(table_.validation_table(), table_.validation_rows)};
  }

  const char* task() const {
    return table_.target.is_regression() ? "regression" : "classification";
  }

  LabelledTable table_;
  char delimiter_;
};

}  // namespace

TabularData read_tabular(const fs::path& data, const Json& hyperparameters, std::uint64_t seed) {
  return TabularReader(data, hyperparameters, seed).read(data);
}

}  // namespace mat
