#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/registry/records.h"

// What was made from what, as the registry remembers it, also of what was deleted since.

namespace mat {

enum class LineageKind {
  data,  // a place of raw data or a model's file: known by its text alone
  dataset,
  dataset_version,
  experiment,
  job,
  version,
  params,
  algorithm,
  model,
  model_version,
  service,
};
const char* name_of(LineageKind kind);  // "dataset_version"
std::optional<LineageKind> lineage_kind_from_name(std::string_view name);

// One thing for ever: names are used again, ids are not.
struct LineageKey {
  LineageKind kind = LineageKind::version;
  Id id = 0;         // 0: has none
  std::string text;  // of what has no id: the place of data, the name of a built-in algorithm

  auto operator<=>(const LineageKey&) const = default;  // NOLINT(modernize-use-nullptr)
};

struct LineageRecord {
  LineageKey key;
  std::string name;             // "clothes@V0003"
  std::int64_t created_ms = 0;  // 0: not known
  // 0 when only the time is not known.
  std::optional<std::int64_t> deleted_ms;
  // As far as they are known: "status", "reason", "accuracy", "algorithm", "git" (a commit),
  // "dirty", "experiment", "resumes", "pictures", "given_name", "network", "aliases", "file",
  // "exported_from", "address".
  Json facts = Json::object();
};

// `to` was made from `from`, or belongs to it. relation: "version" (of a dataset, job or model),
// "input", "modify", "incremental", "params", "saved" (a configuration from a version),
// "algorithm", "member" (of an experiment), "model", "import", "serves", "served" (until something
// else was).
struct LineageLink {
  LineageKey from, to;
  std::string relation;
  std::string label;  // of an input its channel

  auto operator<=>(const LineageLink&) const = default;  // NOLINT(modernize-use-nullptr)
};

// How far to look; 0 is no limit.
struct LineageWalk {
  bool up = true, down = true;
  int depth = 0;               // links away from the start
  std::int64_t fan = 0;        // of what was made from one thing; those that led on come first
  std::int64_t most_rows = 0;  // in all
};

// What the walk has left out: so many of what `key` was made from, or of what was made from it.
struct LineageOmission {
  LineageKey key;
  bool is_up = false;
  std::int64_t count = 0;
};

struct LineageRows {
  std::vector<LineageRecord> records;  // the start first, then what is nearer
  std::vector<LineageLink> links;      // among these
  std::vector<LineageOmission> omissions;
};

}  // namespace mat
