#include "core/model/model_origin.h"

#include <fmt/core.h>

#include <array>

#include "core/algorithm/algorithm.h"
#include "core/base/error.h"
#include "core/base/time.h"
#include "core/training/weights_header.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::array kPartsOfData = {"root",       "manifest", "fingerprint", "train",
                                     "validation", "test",     "unreadable"};

// The value at a path of keys in what a version recorded; null when it is not there.
Json recorded(const VersionRecord& version, const char* pointer) {
  const Json::json_pointer place(pointer);
  return version.facts.contains(place) ? version.facts.at(place) : Json();
}

Json dataset_of(const VersionRecord& version) {
  const Json found = recorded(version, "/dataset");
  const Json published = recorded(version, "/datasets/data_url/version");
  if (!found.is_object() && published.is_null()) return nullptr;
  Json dataset{{"name", published.is_null() ? found.value("root", Json()) : published}};
  for (const char* part : kPartsOfData) {
    if (found.is_object() && found.contains(part)) dataset[part] = found[part];
  }
  return dataset;
}

Json git_of(const VersionRecord& version) {
  const Json found = recorded(version, "/git");
  if (!found.is_object() || !found.contains("commit")) return nullptr;
  Json git = Json::object();
  for (const char* part : {"commit", "branch", "dirty", "repository"}) {
    if (found.contains(part)) git[part] = found[part];
  }
  return git;
}

// What the result depends on.
Json settings_of(const VersionRecord& version) {
  Json settings = Json::object();
  for (const auto& [key, setting] : version.settings.items()) {
    const bool matters = key.starts_with("hyperparameters.") || key.starts_with("inputs.") ||
                         key == "seed" || key == "seeds";
    if (matters && setting.is_object()) settings[key] = setting.value("value", Json());
  }
  return settings;
}

}  // namespace

fs::path weights_of(const Home& home, const VersionRecord& version) {
  fs::path file = home.version_folder(version.job, version.number) / "output" / "best.safetensors";
  std::error_code error;
  if (fs::is_regular_file(file, error)) return file;
  throw Error(ErrorKind::conflict,
              fmt::format("{} has no weights to answer with: it is {}, and there is no '{}'",
                          version.reference(), name_of(version.status), file.string()),
              fmt::format("see: mat version show {}", version.reference()));
}

bool is_of_table(const VersionRecord& version) {
  const Algorithm* const builtin = find_builtin_algorithm(version.algorithm);
  return builtin != nullptr && builtin->task == Task::tabular;
}

void require_answering(const VersionRecord& version) {
  if (find_builtin_algorithm(version.algorithm) != nullptr) return;
  throw Error(ErrorKind::usage,
              fmt::format("{} ran a command of your own ({}): mat does not know what it made",
                          version.reference(), version.algorithm),
              "weights of others, as TorchScript or safetensors: mat model import FILE --name N");
}

Json metrics_of(const VersionRecord& version, const fs::path& weights) {
  const auto metadata = open_weights(weights).header.metadata;
  if (const auto found = metadata.find("metrics"); found != metadata.end()) {
    Json metrics = parse_json(found->second, fmt::format("'{}'", weights.string()));
    if (metrics.is_object() && !metrics.empty()) return metrics;
  }
  Json metrics = Json::object();
  const auto add = [&](const char* name, const std::optional<double>& value) {
    if (value) metrics[name] = *value;
  };
  add("accuracy", version.accuracy);
  add("precision", version.precision);
  add("recall", version.recall);
  add("f1", version.f1);
  return metrics;
}

Json origin_of(const VersionRecord& version) {
  return {{"kind", "version"},
          {"reference", version.reference()},
          {"job", version.job},
          {"version", version_label(version.number)},
          {"number", version.number},
          {"status", name_of(version.status)},
          {"algorithm", version.algorithm},
          {"parent", version.parent.empty() ? Json() : Json(version.parent)},
          {"dataset", dataset_of(version)},
          {"git", git_of(version)},
          {"settings", settings_of(version)},
          {"trained", version.ended_ms ? Json(utc_text(*version.ended_ms)) : Json()}};
}

fs::path root_of_data(const VersionRecord& version) {
  const Json root = recorded(version, "/dataset/root");
  return root.is_string() ? fs::path(root.get<std::string>()) : fs::path();
}

}  // namespace mat
