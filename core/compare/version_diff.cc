#include "core/compare/version_diff.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <string_view>

#include "core/algorithm/algorithm.h"
#include "core/base/secrets.h"
#include "core/base/text.h"
#include "core/cache/content.h"
#include "core/metrics/deviation.h"

namespace mat {
namespace {

using std::string_view;
using Versions = std::vector<VersionRecord>;
using FlatJson = std::map<std::string, Json>;

constexpr std::size_t kMaxShownBytes = 200;

// {"host": {"name": "x"}} → "host.name": "x". Lists stay whole; null is no value.
void flatten(const Json& value, const std::string& name, FlatJson& flat) {
  if (!value.is_object()) {
    if (!value.is_null()) flat[name] = value;
    return;
  }
  for (const auto& [key, part] : value.items()) {
    flatten(part, name.empty() ? key : name + "." + key, flat);
  }
}

FlatJson settings_of(const VersionRecord& version) {
  FlatJson flat;
  if (!version.settings.is_object()) return flat;
  for (const auto& [key, setting] : version.settings.items()) {
    if (setting.is_object() && setting.contains("value")) flatten(setting["value"], key, flat);
  }
  return flat;
}

FlatJson facts_of(const VersionRecord& version) {
  FlatJson flat;
  if (version.facts.is_object()) flatten(version.facts, "", flat);
  // Another one at each start of the machine; that it differs says nothing.
  flat.erase("host.boot_id");
  // What happened, not what was chosen: how warm the cache was, how long it took, what was typed.
  for (const char* key :
       {"pictures.decoded", "pictures.from_cache", "training_seconds", "samples_per_second",
        "command_line", "best_step", "best_seed", "seeds_done"}) {
    flat.erase(key);
  }
  return flat;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : to_json_text(value);
}

// Where one is too long for a table, all stand as their hashes: "d41d8cd98f00b204 (12.0 KiB)".
void shorten(std::vector<Json>& values) {
  const bool is_long = std::any_of(values.begin(), values.end(), [](const Json& value) {
    return text_of(value).size() > kMaxShownBytes;
  });
  if (!is_long) return;
  for (Json& value : values) {
    if (value.is_null()) continue;
    const std::string text = text_of(value);
    value = fmt::format("{} ({})", to_hex(content_of(text.data(), text.size())).substr(0, 16),
                        format_bytes(text.size()));
  }
}

bool all_equal(const std::vector<Json>& values) {
  // NaN is unlike itself, and yet the same result.
  const auto same = [](const Json& a, const Json& b) {
    const bool both_nan = a.is_number_float() && b.is_number_float() &&
                          std::isnan(a.get<double>()) && std::isnan(b.get<double>());
    return a == b || both_nan;
  };
  return std::all_of(values.begin(), values.end(),
                     [&](const Json& value) { return same(value, values.front()); });
}

DiffRow make_row(string_view name, std::vector<Json> values) {
  DiffRow row;
  row.name = name;
  row.differs = !all_equal(values);
  row.is_best.assign(values.size(), false);
  row.values = std::move(values);
  shorten(row.values);
  return row;
}

void mark_best(DiffRow& row) {
  if (row.direction == Direction::unknown) return;
  const auto number = [&](std::size_t i) {
    return row.values[i].is_number() ? row.values[i].get<double>() : NAN;
  };
  double best = NAN;
  bool has_choice = false;
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (std::isnan(number(i)) || number(i) == best) continue;
    has_choice = !std::isnan(best);
    const bool higher = row.direction == Direction::higher_is_better;
    best = higher ? std::fmax(best, number(i)) : std::fmin(best, number(i));
  }
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    row.is_best[i] = has_choice && number(i) == best;
  }
}

// The settings or the facts of all versions, from which sections take their rows.
class Columns {
 public:
  explicit Columns(std::vector<FlatJson> columns) : columns_(std::move(columns)) {}

  // Each key at most once in all.
  void take(const std::string& key, DiffSection& section, string_view shown_as) {
    if (!has(key) || !taken_.insert(key).second) return;
    std::vector<Json> values;
    for (const FlatJson& column : columns_) {
      const auto found = column.find(key);
      values.push_back(found == column.end() ? Json() : found->second);
    }
    DiffRow row = make_row(shown_as, std::move(values));
    if (key.starts_with("environment.") && is_secret_name(key)) {
      for (Json& value : row.values) value = value.is_null() ? value : Json(kHiddenValue);
    }
    section.rows.push_back(std::move(row));
  }

  // Every key that begins so and is not taken yet, by name; shown without its first `cut` bytes.
  void take_all(string_view prefix, DiffSection& section, std::size_t cut = 0) {
    std::set<std::string> keys;
    for (const FlatJson& column : columns_) {
      for (const auto& [key, value] : column) {
        if (key.starts_with(prefix)) keys.insert(key);
      }
    }
    for (const std::string& key : keys) take(key, section, string_view(key).substr(cut));
  }

 private:
  bool has(const std::string& key) const {
    return std::any_of(columns_.begin(), columns_.end(),
                       [&](const FlatJson& column) { return column.contains(key); });
  }

  std::vector<FlatJson> columns_;
  std::set<std::string> taken_;
};

Columns columns_of(const Versions& versions, FlatJson (*read)(const VersionRecord&)) {
  std::vector<FlatJson> columns;
  std::transform(versions.begin(), versions.end(), std::back_inserter(columns), read);
  return Columns(std::move(columns));
}

DiffSection parameters_section(const Versions& versions, Columns& settings) {
  DiffSection section{"parameters", {}};
  settings.take("algorithm", section, "algorithm");
  constexpr string_view kPrefix = "hyperparameters.";
  for (const VersionRecord& version : versions) {
    const Algorithm* algorithm = find_builtin_algorithm(version.algorithm);
    if (!algorithm) continue;
    for (const Hyperparameter& declared : algorithm->hyperparameters) {
      settings.take(std::string(kPrefix) + declared.name, section, declared.name);
    }
  }
  settings.take_all(kPrefix, section, kPrefix.size());
  settings.take_all("resources.", section);
  for (const char* key : {"seed", "seeds", "auto_restart", "auto_stop", "log_path"}) {
    settings.take(key, section, key);
  }
  return section;
}

// One a version, null where it has none; of all versions null.
std::vector<Json> best_values(const Versions& versions, const std::string& metric) {
  std::vector<Json> values;
  for (const VersionRecord& version : versions) {
    const auto found = version.metrics.find(metric);
    values.push_back(found == version.metrics.end() ? Json() : Json(found->second.best));
  }
  return values;
}

DiffSection metrics_section(const Versions& versions) {
  std::vector<std::string> names{"accuracy", "precision", "recall", "f1"};
  std::set<std::string> others;
  for (const VersionRecord& version : versions) {
    for (const auto& [name, summary] : version.metrics) others.insert(name);
  }
  // They stand beside what they are about.
  std::set<std::string> with_deviation;
  for (const std::string& name : std::set<std::string>(others)) {
    if (others.contains(deviation_name(name))) with_deviation.insert(name);
  }
  for (const std::string& name : with_deviation) others.erase(deviation_name(name));
  others.erase("lr");  // the schedule's last value; the parameter stands above
  std::erase_if(names, [&](const std::string& name) { return others.erase(name) == 0; });
  names.insert(names.end(), others.begin(), others.end());

  DiffSection section{"metrics", {}};
  for (const std::string& name : names) {
    DiffRow row = make_row(name, best_values(versions, name));
    if (with_deviation.contains(name)) {
      row.deviations = best_values(versions, deviation_name(name));
    }
    row.direction = direction_of(name);
    mark_best(row);
    section.rows.push_back(std::move(row));
  }
  return section;
}

// Facts that follow from others, or are other ones in each terminal and in each run.
void mark_minor(DiffSection& section, std::size_t first) {
  for (std::size_t i = first; i < section.rows.size(); ++i) {
    DiffRow& row = section.rows[i];
    row.is_minor = row.name == "cpu_seconds" || row.name == "peak_memory_bytes" ||
                   row.name == "algorithm.hyperparameters" ||
                   row.name.starts_with("environment.") ||
                   row.name.starts_with("dataset.per_class.") || row.name == "search.rounds" ||
                   row.name == "search.candidates";
  }
}

}  // namespace

VersionDiff compare_versions(const Versions& versions) {
  VersionDiff diff;
  for (const VersionRecord& version : versions) diff.references.push_back(version.reference());
  Columns settings = columns_of(versions, settings_of);
  Columns facts = columns_of(versions, facts_of);

  diff.sections.push_back(parameters_section(versions, settings));
  diff.sections.push_back(metrics_section(versions));

  DiffSection data{"data", {}};
  settings.take_all("inputs.", data);
  settings.take_all("outputs.", data);
  facts.take_all("dataset", data);
  mark_minor(data, 0);
  diff.sections.push_back(std::move(data));

  DiffSection code{"code", {}};
  for (const char* key : {"git.commit", "git.branch", "git.dirty"}) facts.take(key, code, key);
  facts.take_all("git", code);
  facts.take_all("code", code);
  facts.take_all("algorithm.", code);
  facts.take("mat_version", code, "mat_version");
  mark_minor(code, 0);
  diff.sections.push_back(std::move(code));

  DiffSection environment{"environment", {}};
  settings.take_all("environment.", environment);
  for (const char* key : {"host.name", "device", "libtorch", "threads", "precision", "layout"}) {
    facts.take(key, environment, key);
  }
  const std::size_t of_settings = environment.rows.size();
  facts.take_all("", environment);
  mark_minor(environment, of_settings);
  diff.sections.push_back(std::move(environment));
  return diff;
}

}  // namespace mat
