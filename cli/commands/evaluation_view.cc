#include "cli/commands/evaluation_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "cli/commands/views.h"
#include "cli/output/table.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kMostClassesInMatrix = 20;
constexpr std::uint64_t kMaxBytes = 1 << 28;

struct ClassRow {
  std::string name;
  std::optional<double> precision, recall, f1;
  std::optional<std::int64_t> samples;
};

struct Matrix {
  std::vector<std::string> labels;
  std::vector<std::vector<std::int64_t>> rows;
};

std::optional<double> number_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::optional(found->get<double>())
                                                     : std::nullopt;
}

std::optional<std::int64_t> whole_number_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer()
             ? std::optional(found->get<std::int64_t>())
             : std::nullopt;
}

// Nothing for what is no list of classes.
std::optional<std::vector<ClassRow>> read_classes(const Json& list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<ClassRow> rows;
  for (const Json& entry : list) {
    if (!entry.is_object() || !entry.contains("name")) return std::nullopt;
    rows.push_back({value_text(entry["name"]), number_in(entry, "precision"),
                    number_in(entry, "recall"), number_in(entry, "f1"),
                    whole_number_in(entry, "support")});
  }
  return rows;
}

// Nothing for what is no square of whole numbers with a label for each row.
std::optional<Matrix> read_matrix(const Json& json) {
  if (!json.is_object() || !json.contains("labels") || !json.contains("rows")) return std::nullopt;
  const Json &labels = json["labels"], &rows = json["rows"];
  if (!labels.is_array() || !rows.is_array() || rows.size() != labels.size()) return std::nullopt;
  Matrix matrix;
  for (const Json& label : labels) matrix.labels.push_back(value_text(label));
  for (const Json& row : rows) {
    const bool is_whole = row.is_array() && row.size() == labels.size() &&
                          std::all_of(row.begin(), row.end(),
                                      [](const Json& count) { return count.is_number_integer(); });
    if (!is_whole) return std::nullopt;
    matrix.rows.push_back(row.get<std::vector<std::int64_t>>());
  }
  return matrix;
}

void print_classes(const std::vector<ClassRow>& rows) {
  Table table({{"CLASS"},
               {"PRECISION", Align::right},
               {"RECALL", Align::right},
               {"F1", Align::right},
               {"SAMPLES", Align::right}});
  for (const ClassRow& row : rows) {
    table.add({row.name, metric_text(row.precision), metric_text(row.recall), metric_text(row.f1),
               row.samples ? std::to_string(*row.samples) : "-"});
  }
  print(fmt::format("\n{}\n{}", styled("evaluation", Style::bold, stdout_has_colour()),
                    table.text()));
}

void print_matrix(const Matrix& matrix) {
  std::vector<Column> columns{{"LABEL \\ PREDICTED"}};
  for (const std::string& label : matrix.labels) {
    columns.push_back({printable(label), Align::right});
  }
  Table table(columns);
  for (std::size_t r = 0; r < matrix.rows.size(); ++r) {
    std::vector<Cell> cells{matrix.labels[r]};
    for (std::size_t c = 0; c < matrix.rows[r].size(); ++c) {
      const std::int64_t count = matrix.rows[r][c];
      cells.emplace_back(count == 0 ? "." : std::to_string(count),
                         count == 0 ? Style::dim : (r == c ? Style::good : Style::bad));
    }
    table.add(cells);
  }
  print(fmt::format("\n{}", table.text()));
}

void note_damage(const std::string& what) {
  note(printable(fmt::format("the evaluation is not shown whole: {}", what)));
}

}  // namespace

StoredEvaluation read_evaluation(const std::filesystem::path& version_folder) {
  const std::filesystem::path path = version_folder / "evaluation.json";
  try {
    const auto text = read_file_if_exists(path, kMaxBytes);
    return {text ? parse_json(*text, fmt::format("'{}'", path.string())) : Json(nullptr), {}};
  } catch (const Error& e) {
    return {nullptr, e.message()};
  }
}

void print_evaluation(const StoredEvaluation& evaluation) {
  if (!evaluation.problem.empty()) return note_damage(evaluation.problem);
  const Json& document = evaluation.document;
  // A regression has none.
  if (!document.is_object() || !document.contains("classes")) return;
  if (const auto classes = read_classes(document["classes"])) {
    print_classes(*classes);
  } else {
    note_damage("'classes' in evaluation.json is not as mat writes it");
  }
  if (!document.contains("confusion_matrix")) return;
  const auto matrix = read_matrix(document["confusion_matrix"]);
  if (!matrix) return note_damage("'confusion_matrix' in evaluation.json is not as mat writes it");
  if (matrix->labels.size() <= kMostClassesInMatrix) print_matrix(*matrix);
}

}  // namespace mat
