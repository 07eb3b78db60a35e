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
  // Of metrics that are means over several seeds: their standard deviations, one a version and null
  // where it has none; empty when no version has one.
  std::vector<Json> deviations;
  bool differs = false;
  bool is_minor = false;  // of interest only to who asks for everything
  Direction direction = Direction::unknown;
  std::vector<bool> is_best;  // one a version; all false when direction is unknown
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
// then every other by name: the best value of each), data (inputs, outputs, dataset fingerprint and
// counts), code (git commit, dirty, mat version, the
// copy of the code, the recorded algorithm), environment (variables, host, device, LibTorch,
// threads, precision, layout, and every other fact). All rows that any version has a value in are
// there; `differs` and `is_minor` say which ones to show. Name, description, experiment and boot id
// are left out. Where a text has more than 200 bytes (git.diff) all of its row stand as their
// hashes and sizes, and values of secret environment variables as kHiddenValue; `differs` is about
// what they stand for. A best value is marked, everywhere it occurs, where versions have different
// ones; NaN never is.
VersionDiff compare_versions(const std::vector<VersionRecord>& versions);

}  // namespace mat
