#include "cli/commands/exeml_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <sstream>

#include "cli/commands/commands.h"
#include "cli/commands/evaluation_details.h"
#include "cli/commands/evaluation_view.h"
#include "cli/commands/label_suspects_view.h"
#include "cli/commands/views.h"
#include "cli/output/table.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/life/live_progress.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxBytes = 1 << 28;

std::string project_label(const VersionRecord& version) {
  return version.job + " " + dataset_version_label(version.number);
}

// The documents of a file of JSON lines; what cannot be read is told and left out.
std::vector<Json> json_lines(const fs::path& path) {
  std::vector<Json> lines;
  const auto text = read_file_if_exists(path, kMaxBytes);
  if (!text) return lines;
  std::istringstream stream(*text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) lines.push_back(parse_json(line, fmt::format("'{}'", path.string())));
  }
  return lines;
}

double score_in(const Json& line, const std::string& name) {
  const auto scores = line.find("scores");
  if (scores == line.end() || !scores->is_object()) return 0;
  const auto found = scores->find(name);
  return found != scores->end() && found->is_number() ? found->get<double>() : 0;
}

// Wrong predictions, the surest first.
std::vector<Json> mistakes_in(const fs::path& folder) {
  std::vector<Json> mistakes;
  for (Json& line : json_lines(folder / "predictions.jsonl")) {
    if (!line.contains("label") || !line.contains("predicted")) continue;
    if (line["label"] != line["predicted"]) mistakes.push_back(std::move(line));
  }
  std::stable_sort(mistakes.begin(), mistakes.end(), [](const Json& a, const Json& b) {
    return score_in(a, value_text(a["predicted"])) > score_in(b, value_text(b["predicted"]));
  });
  return mistakes;
}

LabelSuspects suspects_of(const fs::path& folder, const Json& facts) {
  LabelSuspects suspects{std::nullopt, label_judge(facts)};
  const fs::path file = folder / "label_suspects.jsonl";
  std::error_code error;
  if (fs::exists(file, error)) suspects.lines = json_lines(file);
  return suspects;
}

void print_results(const VersionRecord& version, const Json& evaluation, const Json& progress) {
  std::vector<std::pair<std::string, Cell>> fields = {
      {"project", project_label(version)},
      {"status", Cell(name_of(version.status), style_of(version.status))},
      {"reason", version.status_reason},
      {"training time", format_duration(duration_s(version))},
  };
  if (progress.is_object()) {
    fields.emplace_back("progress", progress.value("stage", progress.value("phase", "")));
  }
  if (evaluation.is_object()) {
    for (const char* name : {"accuracy", "f1", "precision", "recall"}) {
      fields.emplace_back(name, figure_text(evaluation, name));
    }
    add_calibration(fields, evaluation);
  }
  print_fields(fields);
}

// What no table of the training knows of: it never met them.
void print_never_met(const Json& facts) {
  const Json::json_pointer place("/datasets/data_url");
  const Json published = facts.contains(place) ? facts[place] : Json();
  if (!published.is_object() || !published.contains("left_out")) return;
  print(
      fmt::format("left out when {0} was published, since they cannot be read: {1} (mat dataset "
                  "show {0})\n",
                  value_text(published.value("version", Json())),
                  counted(published["left_out"].get<std::int64_t>(), "picture")));
}

void print_data(const Json& dataset) {
  if (!dataset.is_object() || !dataset.contains("per_class")) return;
  Table table({{"CLASS"},
               {"TRAIN", Align::right},
               {"VALIDATION", Align::right},
               {"TEST", Align::right},
               {"UNREADABLE", Align::right}});
  for (const auto& [name, counts] : dataset["per_class"].items()) {
    table.add({name, value_text(counts.value("train", Json())),
               value_text(counts.value("validation", Json())),
               value_text(counts.value("test", Json())),
               value_text(counts.value("unreadable", Json()))});
  }
  print(
      fmt::format("\n{}\n{}", styled("pictures", Style::bold, stdout_has_colour()), table.text()));
}

void print_parameters(const VersionRecord& version) {
  Table table({{"PARAMETER"}, {"VALUE", Align::left, true}});
  for (const auto& [key, setting] : version.settings.items()) {
    const bool is_of_training = key.rfind("hyperparameters.", 0) == 0 ||
                                key.rfind("inputs.", 0) == 0 || key == "seed" ||
                                (key == "seeds" && setting.value("value", 1) > 1);
    const std::string value = value_text(setting.value("value", Json()));
    if (is_of_training && !value.empty()) table.add({key.substr(key.find('.') + 1), value});
  }
  for (const char* fact : {"network", "parameters"}) {
    if (version.facts.contains(fact)) table.add({fact, value_text(version.facts[fact])});
  }
  print(fmt::format("\n{}\n{}", styled("training parameters", Style::bold, stdout_has_colour()),
                    table.text()));
}

void print_search(const Json& search, const std::string& of_seed) {
  if (!search.is_object()) return;
  Table table({{"TRIED"},
               {"LR", Align::right},
               {"WEIGHT DECAY", Align::right},
               {"LOG LOSS", Align::right},
               {"TIME", Align::right}});
  for (const Json& one : search.value("candidates", Json::array())) {
    table.add({value_text(one.value("network", Json())), value_text(one.value("lr", Json())),
               value_text(one.value("weight_decay", Json())),
               one.contains("log_loss")  ? metric_text(one.value("log_loss", 0.0))
               : one.contains("failure") ? "failed"
                                         : "",
               format_duration(one.value("seconds", 0.0))});
  }
  const Json rounds = search.value("rounds", Json::array());
  if (table.empty() && rounds.empty()) return;
  print(fmt::format("\n{}\n", styled("search" + of_seed, Style::bold, stdout_has_colour())));
  if (!table.empty()) {
    print(table.text() + fmt::format("chosen: candidate {}, because {}\n",
                                     search.value("chosen", 0) + 1, search.value("why", "")));
  }
  for (const Json& one : search.value("candidates", Json::array())) {
    if (!one.contains("failure")) continue;
    print(fmt::format("{} failed: {}\n", printable(value_text(one.value("network", Json()))),
                      printable(one.value("failure", ""))));
  }
  std::string failures;
  Table models(
      {{"MODEL"}, {"ACCURACY", Align::right}, {"LOG LOSS", Align::right}, {"TIME", Align::right}});
  for (const Json& one : rounds) {
    if (one.contains("failure")) {
      models.add({one.value("name", ""), "failed", "", ""});
      failures += fmt::format("{} failed: {}\n", printable(one.value("name", "")),
                              printable(one.value("failure", "")));
      continue;
    }
    models.add({one.value("name", ""), metric_text(one.value("accuracy", 0.0)),
                metric_text(one.value("log_loss", 0.0)),
                format_duration(one.value("seconds", 0.0))});
  }
  if (!models.empty()) print((table.empty() ? "" : "\n") + models.text() + failures);
}

void print_mistakes(const std::vector<Json>& mistakes, std::size_t top,
                    const std::string& of_seed) {
  if (mistakes.empty() || top == 0) return;
  Table table({{"PICTURE", Align::left, true}, {"LABEL"}, {"PREDICTED"}, {"SCORE", Align::right}});
  for (std::size_t i = 0; i < std::min(top, mistakes.size()); ++i) {
    const Json& line = mistakes[i];
    const std::string predicted = value_text(line["predicted"]);
    table.add({value_text(line.value("file", Json())), value_text(line["label"]), predicted,
               metric_text(score_in(line, predicted))});
  }
  const std::string title = "most wrong" + of_seed + " (scores before calibration)";
  print(fmt::format("\n{}\n{}", styled(title, Style::bold, stdout_has_colour()), table.text()));
}

}  // namespace

std::string learnt_text(std::int64_t pictures) {
  return fmt::format(
      "{} to validate on {} learnt from by a version that this one goes on from: what {} of its "
      "accuracy is too good",
      counted(pictures, "picture"), pictures == 1 ? "was" : "were",
      pictures == 1 ? "it says" : "they say");
}

void print_exeml(Registry& registry, const VersionRecord& version,
                 const ExemlViewOptions& options) {
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  const StoredEvaluation evaluation = read_evaluation(folder);
  const Json progress = is_active(version.status) ? read_progress(folder) : Json(nullptr);
  print_results(version, evaluation.document, progress);
  print_data(version.facts.value("dataset", Json()));
  print_never_met(version.facts);
  print_parameters(version);
  if (const auto learnt = version.facts.value("validated_on_learnt", std::int64_t{0}); learnt > 0) {
    print("\n" + learnt_text(learnt) + "\n");
  }
  const std::string of_seed = of_best_seed(evaluation.document);
  print_search(version.facts.value("search", Json()), of_seed);
  print_evaluation(evaluation);
  print_mistakes(mistakes_in(folder), options.top, of_seed);
  const LabelSuspects suspects = suspects_of(folder, version.facts);
  if (suspects.lines || version.status == Status::completed) {
    print_label_suspects(suspects, options.top, "labels that look wrong" + of_seed);
  }
}

Json exeml_json(Registry& registry, const VersionRecord& version) {
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  Json document = version_json(version);
  document["project"] = version.job;
  document["version"] = dataset_version_label(version.number);
  document["evaluation"] = read_evaluation(folder).document;
  document["mistakes"] = mistakes_in(folder);
  const LabelSuspects suspects = suspects_of(folder, version.facts);
  document["label_check"] = label_check_json(suspects);
  document["label_suspects"] = suspects.lines ? Json(*suspects.lines) : Json(nullptr);
  return document;
}

}  // namespace mat
