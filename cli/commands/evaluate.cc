#include "core/model/evaluate.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/data_path.h"
#include "cli/commands/evaluation_details.h"
#include "cli/commands/evaluation_view.h"
#include "cli/commands/model_opening.h"
#include "cli/commands/views.h"
#include "cli/output/progress_bar.h"
#include "cli/signals.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/model/labelled_pictures.h"

namespace mat {
namespace {

struct EvaluateFlags {
  ModelFlags model;
  std::string data, part = "held-out", slice_key, show;
  std::int64_t top = 10;
  bool keep = true, json = false;
};

void print_head(const Json& document) {
  const auto text = [&](const char* key) { return value_text(document.value(key, Json())); };
  std::vector<std::pair<std::string, Cell>> fields = {{"evaluation", text("name")},
                                                      {"model", text("model")},
                                                      {"data", text("data")},
                                                      {"part", text("part")},
                                                      {"pictures", text("samples")}};
  for (const char* name : {"accuracy", "precision", "recall", "f1"}) {
    fields.emplace_back(name, figure_text(document, name));
  }
  const Json weighted = document.value("weighted", Json());
  for (const char* name : {"precision", "recall", "f1"}) {
    fields.emplace_back(std::string("weighted ") + name, figure_text(weighted, name));
  }
  const Json top_k = document.value("top_k", Json());
  for (const char* k : {"2", "3", "5"}) {
    if (top_k.is_object() && top_k.contains(k)) {
      fields.emplace_back(fmt::format("within top {}", k), figure_text(top_k, k));
    }
  }
  fields.emplace_back("calibration error", calibration_text(document));
  print_fields(fields);
}

void print_whole(const Json& document, std::size_t top) {
  print_head(document);
  print_evaluation({document, {}});
  print_evaluation_details(document, top);
}

// What was left out, and so is not in the figures.
void note_left_out(const LabelledPictures& labelled, const EvaluateResult& result) {
  for (const std::string& problem : result.problems) note("left out " + printable(problem));
  for (const auto& [label, count] : labelled.unknown_labels) {
    note(printable(fmt::format("left out {} labelled '{}', which the model does not know",
                               counted(count, "picture"), label)));
  }
  if (labelled.unlabelled + labelled.several_labels > 0) {
    note(fmt::format("left out {} without a label and {} with several",
                     counted(labelled.unlabelled, "picture"), labelled.several_labels));
  }
}

int show_kept(const Context& context, const EvaluateFlags& flags) {
  const ModelToOpen model = model_to_open(context, flags.model);
  const std::filesystem::path& folder = model.source.folder;
  const std::vector<std::string> names = kept_evaluations(folder);
  if (!flags.show.empty()) {
    if (std::find(names.begin(), names.end(), flags.show) == names.end()) {
      throw Error(ErrorKind::not_found,
                  fmt::format("{} has no evaluation {}", model.source.reference, flags.show),
                  name_hint(flags.show, names));
    }
    StoredEvaluation kept = read_evaluation(evaluation_folder(folder, flags.show));
    if (!kept.problem.empty()) throw Error(ErrorKind::io, kept.problem);
    if (kept.document.is_object()) kept.document["name"] = flags.show;
    flags.json ? print_json(kept.document)
               : print_whole(kept.document, static_cast<std::size_t>(flags.top));
    return 0;
  }
  Json rows = Json::array();
  Table table({{"EVALUATION"},
               {"PART"},
               {"PICTURES", Align::right},
               {"ACCURACY", Align::right},
               {"F1", Align::right},
               {"CREATED"},
               {"DATA", Align::left, true}});
  for (const std::string& name : names) {
    const StoredEvaluation kept = read_evaluation(evaluation_folder(folder, name));
    if (!kept.document.is_object()) continue;
    Json row{{"name", name}};
    for (const char* key : {"data", "part", "samples", "accuracy", "f1", "created"}) {
      row[key] = kept.document.value(key, Json());
    }
    const auto figure = [&](const char* key) {
      return row[key].is_number() ? metric_text(row[key].get<double>()) : "-";
    };
    table.add({name, value_text(row["part"]), value_text(row["samples"]), figure("accuracy"),
               figure("f1"), value_text(row["created"]), value_text(row["data"])});
    rows.push_back(std::move(row));
  }
  if (flags.json) {
    print_json({{"model", model.source.reference}, {"evaluations", rows}});
  } else {
    print_list(table, static_cast<std::int64_t>(rows.size()), "evaluations",
               fmt::format("mat evaluate {} DATA", model.source.reference), "");
  }
  return 0;
}

int evaluate_model(const Context& context, const EvaluateFlags& flags) {
  if (flags.data.empty()) return show_kept(context, flags);
  const Asked asked = parse_asked(flags.part);
  const std::filesystem::path data = data_path(context, flags.data);
  ModelToOpen to_open = model_to_open(context, flags.model);
  const ModelDescription description = to_open.source.description;
  const LabelledPictures labelled =
      read_labelled(data, description.classes, asked, flags.slice_key);
  // Measured with and without the temperature, which is applied here.
  to_open.request.description.temperature = 1;
  const auto model = load_trainer().open_model(to_open.request);

  const SignalsAsStop signals;
  ProgressBar bar("images");
  EvaluateRequest request;
  request.cache_folder = to_open.request.cache_folder;
  request.threads = to_open.request.threads;
  request.batch_size = to_open.request.batch_size;
  request.slice_key = flags.slice_key;
  request.progress = [&bar](const char* what, std::int64_t done, std::int64_t total) {
    bar.show(what, done, total);
    return SignalsAsStop::reason().empty();
  };
  EvaluateResult result = evaluate(*model, description, labelled, request);
  bar.finish();
  Json document{{"model", to_open.source.reference},
                {"data", is_dataset_reference(flags.data) && data != absolute_path(flags.data)
                             ? flags.data
                             : data.string()},
                {"part", flags.part},
                {"created", utc_text(now_ms())},
                {"computed", model->facts()}};
  document.update(result.document);
  result.document = document;
  note_left_out(labelled, result);
  std::string name;
  if (flags.keep) {
    name = keep_evaluation(to_open.source.folder, result);
    document["name"] = name;
    document["folder"] = evaluation_folder(to_open.source.folder, name).string();
  }
  flags.json ? print_json(document) : print_whole(document, static_cast<std::size_t>(flags.top));
  return 0;
}

}  // namespace

void add_evaluate_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App* command =
      app.add_subcommand("evaluate", "Measure a trained model on labelled pictures");
  flags->model.add_to(command);
  command->add_option("DATA", flags->data,
                      "A folder, a manifest or CSV file, or a dataset (flowers@V002); without it "
                      "the evaluations of the model are listed");
  command
      ->add_option("--part", flags->part,
                   "Which pictures: held-out (those for validation and test, or all where the data "
                   "is not split), all, train, eval or test")
      ->type_name("PART")
      ->capture_default_str();
  command
      ->add_option("--slice-by", flags->slice_key,
                   "Also measure groups of pictures that share the value of this property of the "
                   "manifest; folder: that lie in one folder")
      ->type_name("KEY");
  command->add_option("--top", flags->top, "How many of the worst answers to show")
      ->type_name("N")
      ->check(whole_number_from(0))
      ->capture_default_str();
  command->add_option("--show", flags->show, "Show an evaluation that was kept: E001")
      ->type_name("NAME")
      ->excludes("DATA");
  command->add_flag("!--no-keep", flags->keep, "Do not keep the evaluation with the model");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] { return evaluate_model(context, *flags); });
}

}  // namespace mat
