#include "core/spec/settings.h"

#include <fmt/core.h>

#include "core/base/error.h"
#include "core/base/secrets.h"

namespace mat {
namespace {

// Those of an algorithm.
void erase_defaults(Settings& settings) {
  std::erase_if(settings, [](const auto& entry) {
    return entry.first.starts_with("hyperparameters.") && entry.second.source == "algorithm";
  });
}

}  // namespace

Settings merge(const Settings& below, const Settings& above) {
  Settings merged = below;
  const auto old_algorithm = below.find("algorithm");
  const auto new_algorithm = above.find("algorithm");
  if (old_algorithm != below.end() && new_algorithm != above.end() &&
      old_algorithm->second.value != new_algorithm->second.value) {
    erase_defaults(merged);
  }
  if (new_algorithm != above.end()) {
    std::erase_if(merged, [](const auto& entry) { return entry.first.starts_with("algorithm."); });
  } else if (above.contains("algorithm.command") && merged.erase("algorithm") > 0) {
    erase_defaults(merged);
  }
  for (const auto& [key, setting] : above) merged[key] = setting;
  return merged;
}

Settings with_source(const Settings& settings, const std::string& source) {
  Settings out;
  for (const auto& [key, setting] : settings) {
    const bool is_default = setting.source == "algorithm" || setting.source == "default";
    out[key] = {setting.value, is_default ? setting.source : source, {}, {}, {}};
  }
  return out;
}

Settings hide_secrets(Settings settings) {
  constexpr std::string_view kEnvironment = "environment.";
  for (auto& [key, setting] : settings) {
    const bool is_secret = std::string_view(key).starts_with(kEnvironment) &&
                           is_secret_name(key.substr(kEnvironment.size()));
    if (is_secret && setting.value != "") setting.value = kHiddenValue;
  }
  return settings;
}

Json to_json(const Settings& settings) {
  Json json = Json::object();
  for (const auto& [key, setting] : settings) {
    json[key] = {{"value", setting.value}, {"source", setting.source}};
  }
  return json;
}

Settings settings_from_json(const Json& json) {
  if (!json.is_object()) throw Error(ErrorKind::io, "recorded settings are damaged: not an object");
  Settings settings;
  for (const auto& [key, entry] : json.items()) {
    const bool is_setting = entry.is_object() && entry.contains("value") &&
                            entry["value"].is_primitive() && entry.contains("source") &&
                            entry["source"].is_string();
    if (!is_setting) {
      throw Error(ErrorKind::io, fmt::format("recorded settings are damaged at '{}'", key));
    }
    settings[key] = {entry["value"], entry["source"].get<std::string>(), {}, {}, {}};
  }
  return settings;
}

}  // namespace mat
