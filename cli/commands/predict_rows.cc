#include "cli/commands/predict_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <span>

#include "cli/output/csv.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/model/answer_rows.h"
#include "core/model/predict.h"

namespace mat {
namespace {

double rounded(double score) { return std::round(score * 1e6) / 1e6; }

class RowsOutput {
 public:
  RowsOutput(const CsvTable& table, const TableDescription& description, std::size_t top)
      : table_(table), description_(description), top_(top) {}
  virtual ~RowsOutput() = default;

  // `answer` has the probabilities of the classes, or the one value of a regression.
  virtual void add(std::size_t row, std::span<const double> answer) = 0;
  virtual void finish() {}

 protected:
  // The surest classes first.
  std::vector<std::size_t> best(std::span<const double> answer) const {
    return top_classes({answer.begin(), answer.end()}, top_);
  }

  const CsvTable& table_;
  const TableDescription& description_;
  std::size_t top_;
};

class RowLines : public RowsOutput {
 public:
  using RowsOutput::RowsOutput;

  void add(std::size_t row, std::span<const double> answer) override {
    std::string line = fmt::format("row {}", row + 1);
    if (description_.is_regression()) {
      line += fmt::format("  {} {}", description_.target, format_number(rounded(answer[0])));
    } else {
      for (const std::size_t c : best(answer)) {
        line += fmt::format("  {} {:.4f}", description_.classes[c], answer[c]);
      }
    }
    print(printable(line) + "\n");
  }
};

class RowsJson : public RowsOutput {
 public:
  RowsJson(const CsvTable& table, const TableDescription& description, std::size_t top,
           const std::string& model)
      : RowsOutput(table, description, top) {
    print(fmt::format("{{\n  \"model\": {},\n  \"target\": {},\n  \"predictions\": [",
                      to_json_text(Json(model)), to_json_text(Json(description.target))));
  }

  void add(std::size_t row, std::span<const double> answer) override {
    Json json{{"row", row + 1}, {"line", table_.line_of(row)}};
    if (description_.is_regression()) {
      json["predicted"] = answer[0];
    } else {
      Json scores = Json::array();
      for (const std::size_t c : best(answer)) {
        scores.push_back({{"label", description_.classes[c]}, {"score", rounded(answer[c])}});
      }
      json["predicted"] = scores.front()["label"];
      json["scores"] = std::move(scores);
    }
    print(fmt::format("{}\n    {}", is_first_ ? "" : ",", to_json_text(json)));
    is_first_ = false;
  }

  void finish() override { print(is_first_ ? "]\n}\n" : "\n  ]\n}\n"); }

 private:
  bool is_first_ = true;
};

class RowsCsv : public RowsOutput {
 public:
  RowsCsv(const CsvTable& table, const TableDescription& description)
      : RowsOutput(table, description, 1) {
    std::string header;
    for (const std::string& column : table.columns()) header += csv_cell(column) + ",";
    header += csv_cell(free_name("predicted_" + description.target));
    if (!description.is_regression()) header += "," + free_name("score");
    print(header + "\n");
  }

  void add(std::size_t row, std::span<const double> answer) override {
    std::string line;
    for (std::size_t column = 0; column < table_.columns().size(); ++column) {
      line += csv_cell(std::string(table_.cell(row, column))) + ",";
    }
    if (description_.is_regression()) {
      line += format_number(answer[0]);
    } else {
      const std::size_t c = best(answer).front();
      line += csv_cell(description_.classes[c]) + "," + format_number(rounded(answer[c]));
    }
    print(line + "\n");
  }

 private:
  // Two columns of one name could not be read again.
  std::string free_name(std::string name) const {
    const auto& columns = table_.columns();
    while (std::find(columns.begin(), columns.end(), name) != columns.end()) name += '_';
    return name;
  }
};

std::unique_ptr<RowsOutput> output_of(const std::string& reference,
                                      const TableDescription& description,
                                      const PredictionFlags& flags, const CsvTable& table) {
  const auto top = static_cast<std::size_t>(flags.top);
  if (flags.csv) return std::make_unique<RowsCsv>(table, description);
  if (flags.json) return std::make_unique<RowsJson>(table, description, top, reference);
  return std::make_unique<RowLines>(table, description, top);
}

}  // namespace

int print_rows(const std::string& reference, const std::string& command,
               const TableDescription& description, const PredictionFlags& flags,
               const AskRows& ask) {
  if (flags.json && flags.csv) throw Error(ErrorKind::usage, "--json or --csv, not both");
  if (!flags.folder.empty() || flags.pictures.size() != 1) {
    throw Error(ErrorKind::usage, reference + " answers for the rows of one CSV file, or of stdin",
                fmt::format("{0} rows.csv; … | {0} -", command));
  }
  const CsvTable table = read_rows(flags.pictures.front(), description);
  // Before anything is asked: columns that are missing.
  description.encoder.encode(table, {0});
  std::unique_ptr<RowsOutput> output;
  const std::size_t width = description.is_regression() ? 1 : description.classes.size();
  ask(table, [&](const std::vector<std::size_t>& rows, const std::vector<double>& answers) {
    // What could not be asked at all has printed nothing.
    if (!output) output = output_of(reference, description, flags, table);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      output->add(rows[i], std::span(answers).subspan(i * width, width));
    }
  });
  output->finish();
  return 0;
}

int predict_rows(const TableToOpen& opened, const PredictionFlags& flags) {
  const TableDescription& description = opened.description();
  return print_rows(opened.source.reference, "mat predict " + opened.source.reference, description,
                    flags, [&](const CsvTable& table, const GiveRows& give) {
                      std::vector<std::size_t> all(table.rows());
                      std::iota(all.begin(), all.end(), std::size_t{0});
                      const auto model = load_trainer().open_table_model(opened.request);
                      answer_rows(*model, description, table, all, give);
                    });
}

}  // namespace mat
