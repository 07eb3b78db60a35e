#include "cli/commands/evaluation_details.h"

#include <fmt/core.h>

#include <optional>

#include "cli/commands/views.h"
#include "cli/output/table.h"
#include "core/base/text.h"

namespace mat {
namespace {

// The file may have been edited: what is not there or no number is shown as none.
std::optional<double> number(const Json& object, const char* key) {
  if (!object.is_object()) return std::nullopt;
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::optional(found->get<double>())
                                                     : std::nullopt;
}

const Json& member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found != object.end() ? *found : none;
}

// "0.79 to 0.91", "" for no interval.
std::string interval_text(const Json& interval) {
  if (!interval.is_array() || interval.size() != 2 || !interval[0].is_number() ||
      !interval[1].is_number()) {
    return "";
  }
  return fmt::format("{} to {}", metric_text(interval[0].get<double>()),
                     metric_text(interval[1].get<double>()));
}

void print_section(const std::string& title, const Table& table) {
  print(fmt::format("\n{}\n{}", styled(title, Style::bold, stdout_has_colour()), table.text()));
}

void print_thresholds(const Json& rows) {
  if (!rows.is_array() || rows.empty()) return;
  Table table({{"SURE TO"},
               {"ANSWERED", Align::right},
               {"ACCURACY", Align::right},
               {"PRECISION", Align::right},
               {"RECALL", Align::right},
               {"F1", Align::right}});
  std::vector<std::string> before;
  for (const Json& row : rows) {
    // Every tenth is enough for a person, and of those the ones that say something else.
    const auto threshold = number(row, "threshold");
    if (!threshold || static_cast<int>(*threshold * 100 + 0.5) % 10 != 0) continue;
    if (number(row, "answered") == 0) continue;
    std::vector<std::string> figures{value_text(member(row, "answered"))};
    for (const char* name : {"accuracy", "precision", "recall", "f1"}) {
      figures.push_back(metric_text(number(row, name)));
    }
    if (figures == before) continue;
    before = figures;
    std::vector<Cell> cells{Cell(fmt::format("{:.1f}", *threshold))};
    for (std::string& figure : figures) cells.emplace_back(std::move(figure));
    table.add(std::move(cells));
  }
  if (table.empty()) return;
  print_section("only answers that are sure", table);
}

void print_slices(const Json& slices) {
  const Json& values = member(slices, "values");
  if (!values.is_array() || values.empty()) return;
  Table table({{value_text(member(slices, "key"))},
               {"SAMPLES", Align::right},
               {"ACCURACY", Align::right},
               {"95 % INTERVAL", Align::right},
               {"F1", Align::right}});
  for (const Json& row : values) {
    table.add({value_text(member(row, "value")), value_text(member(row, "samples")),
               metric_text(number(row, "accuracy")), interval_text(member(row, "interval")),
               metric_text(number(row, "f1"))});
  }
  print_section("slices", table);
}

// A regression's.
void print_largest_errors(const Json& worst, std::size_t top) {
  Table table({{"ERROR", Align::right},
               {"TARGET", Align::right},
               {"PREDICTED", Align::right},
               {"ROW", Align::left, true}});
  std::size_t shown = 0;
  for (const Json& row : worst) {
    if (shown++ == top) break;
    table.add({metric_text(number(row, "error")), metric_text(number(row, "target")),
               metric_text(number(row, "predicted")), value_text(member(row, "file"))});
  }
  print_section("largest errors", table);
}

void print_worst(const Json& worst, std::size_t top) {
  if (!worst.is_array() || worst.empty() || top == 0) return;
  if (number(worst.front(), "error")) return print_largest_errors(worst, top);
  Table table({{"SURE", Align::right}, {"LABEL"}, {"PREDICTED"}, {"FILE", Align::left, true}});
  std::size_t shown = 0;
  for (const Json& row : worst) {
    if (shown++ == top) break;
    table.add({metric_text(number(row, "score")), value_text(member(row, "label")),
               value_text(member(row, "predicted")), value_text(member(row, "file"))});
  }
  print_section("worst answers", table);
}

}  // namespace

std::string figure_text(const Json& figures, const char* name) {
  const auto value = number(figures, name);
  if (!value) return "";
  if (const auto deviation = number(member(figures, "deviation"), name)) {
    return metric_text(value, deviation);
  }
  const std::string interval = interval_text(member(member(figures, "intervals"), name));
  return metric_text(value) + (interval.empty() ? "" : fmt::format("  ({})", interval));
}

void add_calibration(std::vector<std::pair<std::string, Cell>>& fields, const Json& evaluation) {
  const Json& calibration = member(evaluation, "calibration");
  if (!calibration.is_object()) return;
  const auto explain = [&](const char* line) { fields.emplace_back("", Cell(line, Style::dim)); };
  const std::string before = metric_text(number(calibration, "error_before"));
  const auto temperature = number(calibration, "temperature");
  const bool has_temperature = temperature != 1;
  fields.emplace_back(
      "calibration error",
      !has_temperature
          ? before
          : fmt::format("{} before, {} after scaling by temperature {}", before,
                        metric_text(number(calibration, "error_after")), metric_text(temperature)));
  explain("mean distance of how sure answers are from how often they are right");
  const Json& is_fitted = member(calibration, "fitted_here");
  if (!has_temperature || !is_fitted.is_boolean()) return;
  if (is_fitted.get<bool>()) {
    explain("after: temperature found on one half of the validation pictures,");
    explain("error measured on the other half, and the other way round");
  } else {
    explain("after: with the temperature that was found in training");
  }
}

void print_evaluation_details(const Json& evaluation, std::size_t top) {
  print_thresholds(member(evaluation, "thresholds"));
  print_slices(member(evaluation, "slices"));
  print_worst(member(evaluation, "worst"), top);
}

}  // namespace mat
