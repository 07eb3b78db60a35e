#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/metrics/metric.h"
#include "core/registry/records.h"

namespace mat {

struct DiffRow {
  std::string name;          // "lr", "accuracy", "git.commit"
  std::vector<Json> values;  // one a version; null where it has none
  bool differs = false;
  Direction direction = Direction::unknown;
  std::vector<bool> is_best;  // one a version; all false when direction is unknown or all are equal
};

struct DiffSection {
  std::string title;  // "parameters", "metrics", "data", "code", "environment"
  std::vector<DiffRow> rows;
};

struct VersionDiff {
  std::vector<std::string> references;  // the columns
  std::vector<DiffSection> sections;
};

// Compares two or more versions, of one job or of several. Sections in this order: parameters
// (algorithm, hyperparameters, resources, seed, limits), metrics (accuracy, precision, recall, f1,
// then every other by name: the best value of each), data (inputs, dataset fingerprint and counts),
// code (git commit, dirty, mat version), environment (variables, host, device, LibTorch, threads,
// precision, layout). All rows are there; `differs` says which ones to show. Values of secret
// names are already hidden in the records.
VersionDiff compare_versions(const std::vector<VersionRecord>& versions);

}  // namespace mat
