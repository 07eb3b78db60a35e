#include "cli/commands/model_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/model/evaluate.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownClasses = 20, kShownColumns = 20;

std::optional<double> number_in(const Json& metrics, const char* name) {
  const auto found = metrics.find(name);
  if (found == metrics.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::string text_in(const Json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? "" : value_text(*found);
}

// "clothes@V0003", or the file that it was imported from.
std::string origin_text(const Json& origin) {
  const std::string reference = text_in(origin, "reference");
  return reference.empty() ? text_in(origin, "file") : reference;
}

std::string dash_if_empty(std::string text) { return text.empty() ? "-" : std::move(text); }

Json aliases_json(const ModelRecord& model) {
  Json aliases = Json::object();
  for (const auto& [alias, number] : model.aliases) aliases[alias] = number.text();
  return aliases;
}

std::string aliases_text(const ModelRecord& model) {
  std::vector<std::string> texts;
  for (const auto& [alias, number] : model.aliases) {
    texts.push_back(fmt::format("{}={}", alias, number.text()));
  }
  return dash_if_empty(join(texts, " "));
}

struct StoredFile {
  std::string name;
  std::uint64_t bytes = 0;
};

std::vector<StoredFile> files_of(const StoredModel& model) {
  std::vector<StoredFile> files;
  std::error_code error;
  for (fs::directory_iterator it(model.folder, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (!it->is_regular_file(ignored)) continue;
    files.push_back({it->path().filename().string(), it->file_size(ignored)});
  }
  std::sort(files.begin(), files.end(),
            [](const StoredFile& a, const StoredFile& b) { return a.name < b.name; });
  return files;
}

std::string classes_text(const std::vector<std::string>& classes) {
  const std::size_t shown = std::min(classes.size(), kShownClasses);
  std::string text = fmt::format(
      "{}: {}", classes.size(),
      join({classes.begin(), classes.begin() + static_cast<std::ptrdiff_t>(shown)}, ", "));
  return shown < classes.size() ? text + ", …" : text;
}

std::string input_text(const Preprocessing& p) {
  return fmt::format("{0} × {0} pixels of a picture shrunk to {1}; {2}{3}", p.image_size,
                     p.short_side, p.views.size() == 1 ? "view " : "views ", join(p.views, ", ")) +
         (p.mirrored ? ", each also mirrored" : "");
}

// "3: size (number), kind (one of 3 and others), weight (number, may be missing)"
std::string columns_text(const TableEncoder& encoder) {
  std::vector<std::string> texts;
  for (const TableEncoder::Column& column : encoder.columns()) {
    if (texts.size() == kShownColumns) {
      texts.emplace_back("…");
      break;
    }
    texts.push_back(fmt::format(
        "{} ({}{}{})", column.name,
        column.is_number ? "number" : fmt::format("one of {}", column.categories.size()),
        column.has_other ? " and others" : "", column.has_missing ? ", may be missing" : ""));
  }
  return fmt::format("{}: {}", encoder.columns().size(), join(texts, ", "));
}

std::string target_text(const TableDescription& table) {
  if (!table.is_regression()) return table.target;
  return fmt::format("{}, a number around {:.4g} ± {:.4g}", table.target, table.target_mean,
                     table.target_deviation);
}

std::string short_number(double value) { return fmt::format("{:.4g}", value); }

std::string numbers_text(const std::vector<double>& values) {
  std::vector<std::string> texts;
  for (const double value : values) texts.push_back(short_number(value));
  return join(texts, ", ");
}

std::string trained_text(const Json& origin) {
  const std::string algorithm = text_in(origin, "algorithm");
  if (algorithm.empty()) {
    const Json exported = origin.is_object() ? origin.value("exported", Json()) : Json();
    const std::string model = text_in(exported, "model");
    return origin_text(origin) + (model.empty() ? "" : ", exported from " + model);
  }
  return fmt::format("{}, {} by {}", origin_text(origin), text_in(origin, "status"), algorithm);
}

std::string commit_text(const Json& origin) {
  const Json git = origin.is_object() ? origin.value("git", Json()) : Json();
  const std::string commit = text_in(git, "commit");
  const bool is_dirty = text_in(git, "dirty") == "true";
  return commit + (is_dirty && !commit.empty() ? ", with changes" : "");
}

std::string validation_text(const Json& validation) {
  for (const char* what : {"pictures", "rows"}) {
    const std::string count = text_in(validation, what);
    if (count.empty() || count == "0") continue;
    return fmt::format("{} {} in {}", count, what, text_in(validation, "root"));
  }
  return "";
}

using Fields = std::vector<std::pair<std::string, Cell>>;

// What it takes and gives.
void add_description(const StoredModel& model, Fields& fields) {
  if (model.table) {
    fields.emplace_back("target", target_text(*model.table));
    if (!model.table->is_regression()) {
      fields.emplace_back("classes", classes_text(model.table->classes));
    }
    fields.emplace_back("columns", columns_text(model.table->encoder));
    return;
  }
  const ModelDescription& d = model.description;
  fields.insert(fields.end(), {{"classes", classes_text(d.classes)},
                               {"input", input_text(d.preprocessing)},
                               {"mean", numbers_text(d.preprocessing.mean)},
                               {"std", numbers_text(d.preprocessing.deviation)},
                               {"temperature", short_number(d.temperature)}});
}

void print_settings(const Json& origin) {
  const Json settings = origin.is_object() ? origin.value("settings", Json()) : Json();
  if (!settings.is_object() || settings.empty()) return;
  Table table({{"SETTING"}, {"VALUE", Align::left, true}});
  for (const auto& [key, value] : settings.items()) table.add({key, value_text(value)});
  print("\n" + table.text());
}

}  // namespace

Json model_json(const ModelRecord& model) {
  return {{"name", model.name},
          {"description", model.description},
          {"created", utc_text(model.created_ms)},
          {"versions", model.version_count},
          {"latest", model.latest ? model_version_json(*model.latest) : Json(nullptr)},
          {"aliases", aliases_json(model)}};
}

Table model_table(const std::vector<ModelRecord>& models) {
  Table table({{"NAME"},
               {"LATEST"},
               {"VERSIONS", Align::right, false, 2},
               {"NETWORK"},
               {"ACCURACY", Align::right},
               {"FROM", Align::left, true},
               {"ALIASES", Align::left, false, 1},
               {"CREATED", Align::left, false, 3},
               {"DESCRIPTION", Align::left, true}});
  for (const ModelRecord& m : models) {
    const auto& latest = m.latest;
    table.add({m.name, latest ? latest->number.text() : "-", std::to_string(m.version_count),
               latest ? latest->network : "-",
               metric_text(latest ? number_in(latest->metrics, "accuracy") : std::nullopt),
               latest ? dash_if_empty(origin_text(latest->origin)) : "-", aliases_text(m),
               short_local_text(m.created_ms), m.description});
  }
  return table;
}

Json model_version_json(const ModelVersionRecord& version) {
  return {{"reference", version.reference()},
          {"model", version.model},
          {"version", version.number.text()},
          {"description", version.description},
          {"created", utc_text(version.created_ms)},
          {"network", version.network},
          {"aliases", version.aliases},
          {"metrics", version.metrics},
          {"origin", version.origin}};
}

Table model_version_table(const std::vector<ModelVersionRecord>& versions) {
  Table table({{"VERSION"},
               {"ALIASES"},
               {"NETWORK"},
               {"ACCURACY", Align::right},
               {"F1", Align::right},
               {"FROM", Align::left, true},
               {"CREATED", Align::left, false, 1},
               {"DESCRIPTION", Align::left, true}});
  for (const ModelVersionRecord& v : versions) {
    table.add({v.number.text(), dash_if_empty(join(v.aliases, " ")), v.network,
               metric_text(number_in(v.metrics, "accuracy")),
               metric_text(number_in(v.metrics, "f1")), dash_if_empty(origin_text(v.origin)),
               short_local_text(v.created_ms), v.description});
  }
  return table;
}

Json stored_model_json(Registry& registry, const StoredModel& model) {
  Json document = model_version_json(model.version);
  document.update(description_json(model.description, model.table));
  document["validation"] = model.validation;
  document["evaluations"] = kept_evaluations(model.folder);
  document["services"] = registry.services_of_model_version(model.version.id);
  document["folder"] = model.folder.string();
  document["files"] = Json::array();
  for (const StoredFile& file : files_of(model)) {
    document["files"].push_back({{"name", file.name}, {"bytes", file.bytes}});
  }
  return document;
}

void print_stored_model(Registry& registry, const StoredModel& model) {
  const ModelVersionRecord& v = model.version;
  Fields fields{{"model", v.reference()},
                {"aliases", join(v.aliases, ", ")},
                {"description", v.description},
                {"created", local_text(v.created_ms)},
                {"network", v.network}};
  add_description(model, fields);
  for (const auto& [name, value] : v.metrics.items()) {
    if (value.is_number()) fields.emplace_back(name, metric_text(value.get<double>()));
  }
  const Json dataset = v.origin.is_object() ? v.origin.value("dataset", Json()) : Json();
  fields.insert(fields.end(), {{"from", trained_text(v.origin)},
                               {"trained", text_in(v.origin, "trained")},
                               {"dataset", text_in(dataset, "name")},
                               {"fingerprint", text_in(dataset, "fingerprint")},
                               {"git commit", commit_text(v.origin)},
                               {"validated on", validation_text(model.validation)},
                               {"evaluations", join(kept_evaluations(model.folder), ", ")},
                               {"services", join(registry.services_of_model_version(v.id), ", ")},
                               {"folder", model.folder.string()}});
  print_fields(fields);
  Table files({{"FILE"}, {"SIZE", Align::right}});
  for (const StoredFile& file : files_of(model)) files.add({file.name, format_bytes(file.bytes)});
  print("\n" + files.text());
  print_settings(v.origin);
}

std::string model_line(const StoredModel& model) {
  const auto& classes = model.table ? model.table->classes : model.description.classes;
  const bool is_regression = model.table && model.table->is_regression();
  const char* const metric = is_regression ? "rmse" : "accuracy";
  const auto value = number_in(model.version.metrics, metric);
  return fmt::format(
      "{}  {}, {}{}\n", model.version.reference(), model.version.network,
      is_regression ? "target " + model.table->target : fmt::format("{} classes", classes.size()),
      value ? fmt::format(", {} {}", metric, metric_text(value)) : "");
}

}  // namespace mat
