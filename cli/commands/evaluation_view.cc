#include "cli/commands/evaluation_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "cli/commands/confusion_view.h"
#include "cli/commands/views.h"
#include "cli/output/table.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/metrics/classification_report.h"

namespace mat {
namespace {

constexpr int kBarWidth = 8;
constexpr std::uint64_t kMaxBytes = 1 << 28;

struct ClassRow {
  std::string name;
  std::optional<double> precision, recall, f1;
  std::optional<std::int64_t> samples;
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
std::optional<ConfusionMatrix> read_matrix(const Json& json) {
  if (!json.is_object() || !json.contains("labels") || !json.contains("rows")) return std::nullopt;
  const Json &labels = json["labels"], &rows = json["rows"];
  if (!labels.is_array() || !rows.is_array() || rows.size() != labels.size()) return std::nullopt;
  ConfusionMatrix matrix;
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

void print_classes(const std::vector<ClassRow>& rows, const std::string& title) {
  Table table({{"CLASS", Align::left, true},
               {"PRECISION", Align::right},
               {"", Align::left, false, 3},
               {"RECALL", Align::right},
               {"", Align::left, false, 2},
               {"F1", Align::right},
               {"", Align::left, false, 1},
               {"SAMPLES", Align::right}});
  const bool with_unicode = has_unicode();
  const auto bar = [&](const std::optional<double>& part) {
    return Cell(part ? bar_text(*part, kBarWidth, with_unicode) : "", Style::active);
  };
  std::vector<std::string> without;
  for (ClassRow row : rows) {
    if (row.samples && *row.samples == 0) {
      without.push_back(printable(row.name));
      row.precision = row.recall = row.f1 = std::nullopt;
    }
    table.add({row.name, metric_text(row.precision), bar(row.precision), metric_text(row.recall),
               bar(row.recall), metric_text(row.f1), bar(row.f1),
               row.samples ? std::to_string(*row.samples) : "-"});
  }
  print(fmt::format("\n{}\n{}", styled(title, Style::bold, stdout_has_colour()), table.text()));
  if (without.empty()) return;
  print(fmt::format("nothing to measure of: {} (0 in the means where it was predicted)\n",
                    join(without, ", ")));
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

std::string of_best_seed(const Json& evaluation) {
  if (!evaluation.is_object()) return "";
  const auto best = whole_number_in(evaluation, "best_seed");
  const Json seeds = evaluation.value("seeds", Json());
  if (!best || !seeds.is_array()) return "";
  return fmt::format(" of seed {}, the best of {}", *best, seeds.size());
}

void print_evaluation(const StoredEvaluation& evaluation) {
  if (!evaluation.problem.empty()) return note_damage(evaluation.problem);
  const Json& document = evaluation.document;
  // A regression has none.
  if (!document.is_object() || !document.contains("classes")) return;
  if (const auto classes = read_classes(document["classes"])) {
    print_classes(*classes, "evaluation" + of_best_seed(document));
  } else {
    note_damage("'classes' in evaluation.json is not as mat writes it");
  }
  if (!document.contains("confusion_matrix")) {
    if (document["classes"].size() > std::size_t{kMostInMatrix})
      note("there is no matrix of so many classes");
    return;
  }
  const auto matrix = read_matrix(document["confusion_matrix"]);
  if (!matrix) return note_damage("'confusion_matrix' in evaluation.json is not as mat writes it");
  const std::string text =
      confusion_text(*matrix, {stdout_width(), stdout_has_colour(), has_unicode()});
  if (!text.empty()) print("\n" + text);
}

}  // namespace mat
