#include "cli/ui/version_details.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "core/algorithm/algorithm.h"
#include "core/base/error.h"
#include "core/metrics/label_check.h"
#include "core/model/model_source.h"
#include "core/model/models.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostArtifacts = 1000;
constexpr std::size_t kMostFilesLookedAt = 20'000;

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(fs::symlink_status(path, error));
}

// What is mat's own matter while it runs, or holds secrets.
bool is_private(const fs::path& relative) {
  const std::string first = relative.begin()->string();
  return first == "lock" || first == "environment.private" || first == "progress.json" ||
         first.starts_with('.');
}

// What a command has written may be more than anybody reads: what is nearer to the folder first.
std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto at = fs::recursive_directory_iterator(folder, options, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const fs::path relative = at->path().lexically_relative(folder);
    if (!is_file(at->path()) || is_private(relative)) continue;
    files.push_back(relative);
    if (files.size() == kMostFilesLookedAt) break;
  }
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
    const auto depth_a = std::distance(a.begin(), a.end());
    const auto depth_b = std::distance(b.begin(), b.end());
    return depth_a != depth_b ? depth_a < depth_b : a < b;
  });
  return files;
}

void add_artifacts(const fs::path& folder, Json& document) {
  std::vector<fs::path> files = files_of(folder);
  document["artifacts_total"] = files.size();
  document["artifacts_counted"] = files.size() < kMostFilesLookedAt;
  files.resize(std::min(files.size(), kMostArtifacts));
  Json& artifacts = document["artifacts"] = Json::array();
  for (const fs::path& file : files) {
    std::error_code error;
    const auto bytes = fs::file_size(folder / file, error);
    if (!error) artifacts.push_back({{"path", file.string()}, {"bytes", bytes}});
  }
}

// As it was when the version ran, where that is recorded.
std::optional<Json> algorithm_of(Registry& registry, const VersionRecord& version) {
  const auto recorded = version.facts.find("algorithm");
  if (recorded != version.facts.end() && recorded->is_object()) return *recorded;
  if (const Algorithm* builtin = find_builtin_algorithm(version.algorithm)) {
    return to_json(*builtin);
  }
  const auto saved = registry.find_algorithm(version.algorithm);
  return saved ? std::optional(to_json(saved->definition)) : std::nullopt;
}

Json value_of(const Json& settings, const std::string& key) {
  const auto found = settings.find(key);
  return found != settings.end() && found->is_object() ? found->value("value", Json()) : Json();
}

// Hyperparameters with their rules, then the settings that any version has.
Json form_of(Registry& registry, const VersionRecord& version, const Json& settings) {
  Json parameters = Json::array(), other = Json::array();
  std::vector<std::string> keys;
  const auto algorithm = algorithm_of(registry, version);
  if (algorithm && algorithm->contains("hyperparameters")) {
    for (Json parameter : (*algorithm)["hyperparameters"]) {
      const std::string key = "hyperparameters." + parameter.value("name", std::string());
      parameter["key"] = key;
      parameter["value"] = value_of(settings, key);
      keys.push_back(key);
      parameters.push_back(std::move(parameter));
    }
  }
  for (const auto& [key, setting] : settings.items()) {
    const bool is_listed = std::find(keys.begin(), keys.end(), key) != keys.end();
    if (is_listed || key == "name") continue;
    other.push_back({{"key", key}, {"value", value_of(settings, key)}});
  }
  for (const char* key : {"seed", "auto_stop", "auto_restart", "description", "priority"}) {
    if (!settings.contains(key)) other.push_back({{"key", key}, {"value", nullptr}});
  }
  return {{"algorithm", version.algorithm},
          {"description", algorithm ? algorithm->value("description", "") : ""},
          {"allows_others", algorithm && algorithm->value("allow_extra_hyperparameters", false)},
          {"parameters", std::move(parameters)},
          {"other", std::move(other)}};
}

// Whether a command that begins with this check goes on.
bool passes(const std::function<void()>& check) {
  try {
    check();
    return true;
  } catch (const Error&) {
    return false;
  }
}

// JSON has no words for what is no number: as the command line says it.
void name_odd_metrics(const VersionRecord& version, Json& document) {
  const auto name_odd = [](Json& value, double known) {
    if (!std::isfinite(known)) value = fmt::format("{}", known);
  };
  for (const auto& [name, metric] : version.metrics) {
    Json& shown = document["metrics"][name];
    name_odd(shown["best"], metric.best);
    name_odd(shown["last"], metric.last);
    name_odd(shown["min"], metric.min);
    name_odd(shown["max"], metric.max);
  }
}

}  // namespace

void add_version_details(Registry& registry, const VersionRecord& version, Json& document) {
  const fs::path folder = registry.home().version_folder(version.job, version.number);
  std::error_code error;
  const auto log_bytes = fs::file_size(folder / "log.txt", error);
  document["log_bytes"] = error ? 0 : log_bytes;
  add_artifacts(folder, document);
  document["has_predictions"] = is_file(folder / "predictions.jsonl");
  // As `exeml show` has it: none by judges who guess.
  const bool guessed = version.facts.contains("search") && !label_judge(version.facts).is_useful();
  document["has_suspects"] = is_file(folder / "label_suspects.jsonl") && !guessed;
  document["can_deploy"] = passes([&] { find_model_source(registry, version.reference()); });
  document["can_create_model"] = passes([&] { content_of_version(registry.home(), version); });
  name_odd_metrics(version, document);
  // From the document, in which secrets are hidden.
  document["form"] = form_of(registry, version, document.value("settings", Json::object()));
}

fs::path artifact_of(const fs::path& version_folder, const std::string& path) {
  const fs::path relative = fs::path(path).lexically_normal();
  const bool is_inside = !path.empty() && relative.is_relative() && *relative.begin() != "..";
  if (is_inside && !is_private(relative)) {
    // A link in the folder of a command's output may lead anywhere.
    std::error_code error;
    fs::path real = fs::canonical(version_folder / relative, error);
    const fs::path root = error ? fs::path() : fs::canonical(version_folder, error);
    if (!error && is_file(version_folder / relative) && real == root / relative) return real;
  }
  throw Error(ErrorKind::not_found, fmt::format("there is no file '{}' to download", path));
}

}  // namespace mat
