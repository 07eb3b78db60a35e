#include "core/model/evaluate.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

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
#include "core/model/evaluate_table.h"
#include "core/model/labelled_pictures.h"

namespace mat {
namespace {

constexpr const char* kHeldOut = "held-out";

struct EvaluateFlags {
  ModelFlags model;
  std::string data, part = kHeldOut, slice_key, show;
  std::int64_t top = 10;
  bool keep = true, json = false;
};

void print_head(const Json& document) {
  const auto text = [&](const char* key) { return value_text(document.value(key, Json())); };
  std::vector<std::pair<std::string, Cell>> fields = {
      {"evaluation", text("name")},
      {"model", text("model")},
      {"data", text("data")},
      {"part", text("part")},
      {document.contains("rows") ? "rows" : "pictures", text("samples")}};
  const Json counts = document.value(document.contains("rows") ? "rows" : "pictures", Json());
  for (const auto& [key, name] :
       {std::pair("learnt_from", "learnt from"), std::pair("validated_on", "validated on")}) {
    const Json known = counts.is_object() ? counts.value(key, Json()) : Json();
    if (!known.is_number_integer() || known == 0) continue;
    fields.emplace_back(name, fmt::format("{} of them", value_text(known)));
  }
  for (const char* name : {"accuracy", "precision", "recall", "f1", "rmse", "mae", "r2"}) {
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
  add_calibration(fields, document);
  print_fields(fields);
}

void print_whole(const Json& document, std::size_t top) {
  print_head(document);
  print_evaluation({document, {}});
  print_evaluation_details(document, top);
}

void note_unknown(const std::string& how_many, const std::string& label) {
  note(printable(
      fmt::format("left out {} labelled '{}', which the model does not know", how_many, label)));
}

// What was left out, and so is not in the figures.
void note_left_out(const LabelledPictures& labelled, const EvaluateResult& result) {
  for (const std::string& problem : result.problems) note("left out " + printable(problem));
  const Json& counts = result.document["pictures"];
  const std::size_t all =
      counts["unreadable"].get<std::size_t>() + counts["unusable"].get<std::size_t>();
  if (all > result.problems.size()) {
    note(fmt::format("left out {} more; {} in all", all - result.problems.size(), all));
  }
  for (const auto& [label, count] : labelled.unknown_labels) {
    note_unknown(counted(count, "picture"), label);
  }
  if (labelled.unlabelled > 0) {
    note(fmt::format("left out {} without a label", counted(labelled.unlabelled, "picture")));
  }
  if (labelled.several_labels > 0) {
    note(fmt::format("left out {} with several labels",
                     counted(labelled.several_labels, "picture")));
  }
}

// Figures of what a model knows are better than those of what it never met.
void note_known(const Json& counts, const char* what) {
  const auto note_part = [&](const char* key, const char* why) {
    const auto known = counts[key].get<std::int64_t>();
    if (known == 0) return;
    note(fmt::format("{} of {} {} that the model {}", known,
                     counted(counts["evaluated"].get<std::int64_t>(), what),
                     known == 1 ? "is the same as one" : "are the same as those", why));
  };
  note_part("learnt_from",
            "learnt from: figures of these say little of how it answers about others, which it has "
            "not seen");
  note_part("validated_on",
            "was validated on: its best epoch and its temperature were chosen by them, so expect a "
            "little less of others");
}

int show_kept(const ModelSource& kept_with, const EvaluateFlags& flags) {
  const std::filesystem::path& folder = kept_with.folder;
  const std::vector<std::string> names = kept_evaluations(folder);
  if (!flags.show.empty()) {
    if (std::find(names.begin(), names.end(), flags.show) == names.end()) {
      throw Error(ErrorKind::not_found,
                  fmt::format("{} has no evaluation {}", kept_with.reference, flags.show),
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
  bool is_regression = false;
  for (const std::string& name : names) {
    const StoredEvaluation kept = read_evaluation(evaluation_folder(folder, name));
    if (!kept.document.is_object()) continue;
    Json row{{"name", name}};
    for (const char* key :
         {"data", "part", "samples", "accuracy", "f1", "rmse", "r2", "intervals", "created"}) {
      row[key] = kept.document.value(key, Json());
    }
    is_regression = is_regression || row["rmse"].is_number();
    rows.push_back(std::move(row));
  }
  Table table({{"EVALUATION"},
               {"PART"},
               {"SAMPLES", Align::right},
               {is_regression ? "RMSE" : "ACCURACY", Align::right},
               {is_regression ? "R2" : "F1", Align::right},
               {"CREATED"},
               {"DATA", Align::left, true}});
  for (const Json& row : rows) {
    const auto figure = [&](const char* key) {
      return row[key].is_number() ? metric_text(row[key].get<double>()) : "-";
    };
    table.add({value_text(row["name"]), value_text(row["part"]), value_text(row["samples"]),
               figure(is_regression ? "rmse" : "accuracy"), figure(is_regression ? "r2" : "f1"),
               value_text(row["created"]), value_text(row["data"])});
  }
  if (flags.json) {
    print_json({{"model", kept_with.reference}, {"evaluations", rows}});
  } else {
    print_list(table, static_cast<std::int64_t>(rows.size()), "evaluations",
               fmt::format("mat evaluate {} DATA", kept_with.reference), "");
  }
  return 0;
}

struct Measured {
  EvaluateResult result;
  std::string data;  // as it is written down
  std::string part = "all";
  Json facts;  // of the computation
};

Measured measure_rows(const TableToOpen& table, const EvaluateFlags& flags) {
  if (flags.part != kHeldOut && flags.part != "all") {
    throw Error(ErrorKind::usage, "a table is measured whole: --part is for pictures");
  }
  const CsvTable rows = read_rows(flags.data, table.description());
  const auto model = load_trainer().open_table_model(table.request);
  const SignalsAsStop signals;
  ProgressBar bar("rows");
  Measured measured;
  measured.result = evaluate_table(*model, table.description(), rows, flags.slice_key,
                                   read_known_contents(table.source.file.parent_path()),
                                   [&bar](std::int64_t done, std::int64_t total) {
                                     bar.show("evaluating", done, total);
                                     return SignalsAsStop::reason().empty();
                                   });
  bar.finish();
  const Json& counts = measured.result.document["rows"];
  for (const auto& [label, count] : counts["unknown_labels"].items()) {
    note_unknown(counted(count.get<std::int64_t>(), "row"), label);
  }
  if (const auto without = counts["without_target"].get<std::int64_t>(); without > 0) {
    note(printable(fmt::format("left out {} without a value of '{}'", counted(without, "row"),
                               table.description().target)));
  }
  note_known(counts, "row");
  measured.data = flags.data == "-" ? "stdin" : absolute_path(flags.data).string();
  measured.facts = model->facts();
  return measured;
}

Measured measure_pictures(const Context& context, ModelToOpen to_open, const EvaluateFlags& flags) {
  const Asked asked = parse_asked(flags.part);
  const std::filesystem::path data = data_path(context, flags.data);
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
  request.known = read_known_contents(to_open.source.file.parent_path());
  request.progress = [&bar](const char* what, std::int64_t done, std::int64_t total) {
    bar.show(what, done, total);
    return SignalsAsStop::reason().empty();
  };
  Measured measured;
  measured.result = evaluate(*model, description, labelled, request);
  bar.finish();
  note_left_out(labelled, measured.result);
  note_known(measured.result.document["pictures"], "picture");
  if (labelled.part != Asked::all) measured.part = flags.part;
  measured.data = is_dataset_reference(flags.data) && data != absolute_path(flags.data)
                      ? flags.data
                      : data.string();
  measured.facts = model->facts();
  return measured;
}

// Puts the name and the folder into `document`. What was measured is worth to be printed all the
// same when it cannot be kept: why not is given back.
std::optional<Error> keep(const Context& context, const ModelSource& source,
                          const EvaluateResult& result, Json& document) {
  if (source.may_change) {
    note("not kept: the training is not over");
    return std::nullopt;
  }
  try {
    Registry registry = context.open_to_read();
    require_still_there(registry, source);
    const std::string name = keep_evaluation(source.folder, result);
    document["name"] = name;
    document["folder"] = evaluation_folder(source.folder, name).string();
    return std::nullopt;
  } catch (const Error& e) {
    return Error(e.kind(), "the evaluation is not kept: " + e.message(), e.hint());
  }
}

int evaluate_model(const Context& context, const EvaluateFlags& flags) {
  const std::optional<TableToOpen> table = table_to_open(context, flags.model);
  std::optional<ModelToOpen> pictures;
  if (!table) pictures = model_to_open(context, flags.model);
  const ModelSource source = table ? table->source : pictures->source;
  if (flags.data.empty()) return show_kept(source, flags);

  Measured measured =
      table ? measure_rows(*table, flags) : measure_pictures(context, std::move(*pictures), flags);
  Json document{{"model", source.reference},
                {"data", measured.data},
                {"part", measured.part},
                {"created", utc_text(now_ms())},
                {"computed", measured.facts}};
  document.update(measured.result.document);
  measured.result.document = document;
  std::optional<Error> unkept;
  if (flags.keep) unkept = keep(context, source, measured.result, document);
  flags.json ? print_json(document) : print_whole(document, static_cast<std::size_t>(flags.top));
  if (unkept) throw Error(*unkept);
  return 0;
}

}  // namespace

void add_evaluate_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App* command =
      app.add_subcommand("evaluate", "Measure a trained model on labelled pictures or rows");
  flags->model.add_to(command);
  command->add_option(
      "DATA", flags->data,
      "A folder, a manifest or CSV file, or a dataset (flowers@V002); rows in a CSV file "
      "for a model for tables; without it the evaluations of the model are listed");
  command
      ->add_option("--part", flags->part,
                   "Which pictures: held-out (those for validation and test, or all where the data "
                   "is not split), all, train, eval or test")
      ->type_name("PART")
      ->capture_default_str();
  command
      ->add_option("--slice-by", flags->slice_key,
                   "Also measure groups of pictures that share the value of this property of the "
                   "manifest (folder: that lie in one folder), or of rows by a column")
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
