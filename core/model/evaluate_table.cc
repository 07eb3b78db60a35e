#include "core/model/evaluate_table.h"

#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/metrics/evaluation_document.h"
#include "core/metrics/regression_document.h"
#include "core/model/answer_rows.h"
#include "core/table/table_target.h"

namespace mat {
namespace {

std::string name_of(std::size_t row) { return fmt::format("row {}", row + 1); }

// All answers, row after row.
std::vector<double> answers_of(
    TableModel& model, const TableDescription& description, const CsvTable& table,
    const TableTarget::Rows& known,
    const std::function<bool(std::int64_t done, std::int64_t total)>& progress) {
  std::vector<double> all;
  std::int64_t done = 0;
  answer_rows(model, description, table, known.rows,
              [&](const std::vector<std::size_t>& rows, const std::vector<double>& answers) {
                all.insert(all.end(), answers.begin(), answers.end());
                done += static_cast<std::int64_t>(rows.size());
                if (progress && !progress(done, static_cast<std::int64_t>(known.rows.size()))) {
                  throw Error(ErrorKind::interrupted, "interrupted");
                }
              });
  return all;
}

void measure_values(const TableTarget::Rows& known, std::vector<double> answers,
                    EvaluateResult& result) {
  EvaluatedValues evaluated;
  evaluated.targets = known.values;
  evaluated.answers = std::move(answers);
  for (const std::size_t row : known.rows) evaluated.names.push_back(name_of(row));
  result.document = regression_document(evaluated);
  result.predictions = prediction_lines(evaluated, "row");
}

void measure_classes(const TableDescription& description, const CsvTable& table,
                     const TableTarget::Rows& known, const std::vector<double>& answers,
                     const std::string& slice_column, std::size_t slice, EvaluateResult& result) {
  EvaluatedSamples evaluated;
  evaluated.classes = description.classes;
  evaluated.slice_key = slice_column;
  Predictions& predictions = evaluated.predictions;
  predictions.class_count = static_cast<int>(description.classes.size());
  predictions.probabilities.assign(answers.begin(), answers.end());
  for (std::size_t i = 0; i < known.rows.size(); ++i) {
    const std::size_t row = known.rows[i];
    evaluated.names.push_back(name_of(row));
    evaluated.slices.emplace_back(slice_column.empty() ? "" : trim(table.cell(row, slice)));
    predictions.labels.push_back(static_cast<int>(known.values[i]));
  }
  result.document = evaluation_document(evaluated);
  result.predictions = prediction_lines(evaluated, "row");
}

}  // namespace

EvaluateResult evaluate_table(
    TableModel& model, const TableDescription& description, const CsvTable& table,
    const std::string& slice_column, const KnownContents& known,
    const std::function<bool(std::int64_t done, std::int64_t total)>& progress) {
  if (!slice_column.empty() && description.is_regression()) {
    throw Error(ErrorKind::usage, "a regression is not measured by slices");
  }
  // Before all rows are answered.
  const std::size_t slice = slice_column.empty() ? 0 : table.index_of(slice_column, "to slice by");
  std::map<std::string, std::int64_t> unknown;
  const TableTarget::Rows labelled =
      TableTarget(description.target, description.classes).read(table, &unknown);
  if (labelled.rows.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("no row of {} has a value of '{}' that the model knows", table.name(),
                            description.target));
  }
  std::vector<double> answers = answers_of(model, description, table, labelled, progress);
  EvaluateResult result;
  if (description.is_regression()) {
    measure_values(labelled, std::move(answers), result);
  } else {
    measure_classes(description, table, labelled, answers, slice_column, slice, result);
  }
  std::int64_t of_unknown = 0;
  for (const auto& [label, count] : unknown) of_unknown += count;
  KnownCounts counts;
  for (const Content& row : contents_of_rows(
           table, labelled.rows, columns_of_rows(description.encoder, description.target))) {
    count_known(known, row, counts);
  }
  const auto evaluated = static_cast<std::int64_t>(labelled.rows.size());
  result.document["rows"] = {
      {"evaluated", evaluated},
      {"learnt_from", counts.learnt_from},
      {"validated_on", counts.validated_on},
      {"without_target", static_cast<std::int64_t>(table.rows()) - evaluated - of_unknown},
      {"unknown_labels", unknown}};
  return result;
}

}  // namespace mat
