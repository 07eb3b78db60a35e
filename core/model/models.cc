#include "core/model/models.h"

#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/synced_copy.h"
#include "core/model/model_folder.h"
#include "core/model/model_origin.h"
#include "core/model/validation_list.h"
#include "core/training/known_contents.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDescriptionFile = "model.json";
constexpr std::uint64_t kMostDescriptionBytes = 256 << 20;

const char* file_name_of(const ModelDescription& description) {
  return description.network == kTorchScript ? "model.pt" : "model.safetensors";
}

// Before the work, since it may take long.
void refuse_taken_number(Registry& registry, const NewModel& model) {
  if (!model.number || !registry.find_model(model.name)) return;
  for (const ModelVersionRecord& version : registry.versions_of_model(model.name)) {
    if (version.number != *model.number) continue;
    throw Error(ErrorKind::conflict, fmt::format("there is {} already", version.reference()),
                "choose another number, or leave it out for the next one");
  }
}

}  // namespace

Json description_json(const ModelDescription& description,
                      const std::optional<TableDescription>& table) {
  if (!table) return to_json(description);
  Json json{{"network", kTableNetwork}};
  json.update(to_json(*table));
  return json;
}

ModelVersionRecord add_model_version(Registry& registry, const NewModel& model,
                                     const ModelContent& content, const LockHooks& hooks) {
  ModelFolder folder(registry, model.name, hooks);
  refuse_taken_number(registry, model);
  const fs::path place = folder.begin();
  synced_copy(content.file, place / file_name_of(content.description));
  if (content.made_of) copy_known_contents(content.file.parent_path(), place);
  Json document = description_json(content.description, content.table);
  document["metrics"] = content.metrics;
  document["validation"] =
      write_validation_list(registry.home(), content.predictions, content.validation_root, place);
  document["origin"] = content.origin;
  write_file_atomic(place / kDescriptionFile, to_json_text(document, 2) + "\n");
  std::error_code ignored;
  fs::permissions(place / kDescriptionFile, fs::perms(0444), ignored);
  NewModelVersion version;
  version.model = model.name;
  version.number = model.number;
  version.description = model.description;
  version.network = document.at("network").get<std::string>();
  version.origin = content.origin;
  version.metrics = content.metrics;
  version.made_of = content.made_of;
  return folder.commit(version);
}

ModelContent content_of_version(const Home& home, const VersionRecord& version) {
  if (version.status != Status::completed) {
    throw Error(
        ErrorKind::conflict,
        fmt::format(
            "{} is {}{}; models are made of Completed versions", version.reference(),
            name_of(version.status),
            version.status_reason.empty() ? "" : fmt::format(" ({})", version.status_reason)),
        fmt::format("see: mat version show {}", version.reference()));
  }
  require_answering(version);
  const fs::path folder = home.version_folder(version.job, version.number);
  ModelContent content;
  content.file = weights_of(home, version);
  if (is_of_table(version)) {
    content.table = describe_table_weights(content.file);
  } else {
    content.description = describe_weights(content.file);
  }
  content.metrics = metrics_of(version, content.file);
  content.origin = origin_of(version);
  content.made_of = version.id;
  content.predictions = folder / "predictions.jsonl";
  content.validation_root = root_of_data(version);
  return content;
}

StoredModel stored_model(const Home& home, const ModelVersionRecord& version) {
  StoredModel model;
  model.version = version;
  model.folder = home.model_folder(version.model, version.number.text());
  const fs::path path = model.folder / kDescriptionFile;
  const auto text = read_file_if_exists(path, kMostDescriptionBytes);
  const auto gone = [&](const fs::path& file) {
    return Error(
        ErrorKind::io,
        fmt::format("{} is incomplete: there is no '{}'", version.reference(), file.string()),
        fmt::format("put it back, or delete the version: mat model delete {}",
                    version.reference()));
  };
  if (!text) throw gone(path);
  const std::string what = fmt::format("'{}'", path.string());
  const Json document = parse_json(*text, what);
  if (is_table_description(document)) {
    model.table = table_description_from_json(document, what);
  } else {
    model.description = model_description_from_json(document, what);
  }
  model.validation = document.value("validation", Json::object());
  model.file = model.folder / file_name_of(model.description);
  std::error_code error;
  if (!fs::is_regular_file(model.file, error)) throw gone(model.file);
  return model;
}

}  // namespace mat
