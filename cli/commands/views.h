#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/output/table.h"
#include "core/base/names.h"
#include "core/registry/registry.h"

// How records look, in tables and in JSON: the same everywhere a command shows them.

namespace mat {

// "name     value" lines; empty values are left out.
void print_fields(const std::vector<std::pair<std::string, Cell>>& fields);

// The table, or where there is nothing a line that says how to make the first one or, when there is
// a `filter`, that none matches it.
void print_list(const Table& table, std::int64_t total, const std::string& what,
                const std::string& how_to_make_one, const std::string& filter);

// Says on stderr which columns did not fit the terminal, if any.
void note_left_out(const Table& table);

// Of what listens at `host`, when that stands for all addresses: how others reach it.
void note_how_others_reach(const std::string& host);

Style style_of(Status status);
std::string metric_text(const std::optional<double>& value);  // four digits; "-" for none
// "0.8532 ± 0.0121", of several seeds; the value alone without a deviation.
std::string metric_text(const std::optional<double>& value, const std::optional<double>& deviation);
std::string value_text(const Json& value);  // strings without quotes, "-" for null

// What a version is called: version_label(), or in ExeML projects dataset_version_label().
using VersionLabel = std::string (*)(std::int64_t number);

Json job_json(const JobRecord& job, VersionLabel label = version_label);
Table job_table(const std::vector<JobRecord>& jobs, VersionLabel label = version_label);

Json version_json(const VersionSummary& version);
Json version_json(const VersionRecord& version);

// `extra` are fields shown as further columns, with a value for each version.
struct ExtraColumn {
  std::string field;
  FieldValues values;
};
Json json_of(const FieldValues& values, std::size_t row);
// Of a version of several seeds: by how much a metric varies between them; and whether a metric
// says that of another one, beside which it is shown.
std::optional<double> deviation_of(const VersionRecord& version, const std::string& metric);
bool is_deviation(const VersionRecord& version, std::string_view metric);

// By how much accuracy, precision, recall and f1 vary between the seeds of each version, null where
// there is one seed: to be shown with them. Empty when no version has several.
std::vector<ExtraColumn> deviations_of(Registry& registry,
                                       const std::vector<VersionSummary>& versions);
// With `with_job` the first column is JOB@V0001, otherwise V0001.
Table version_table(const std::vector<VersionSummary>& versions,
                    const std::vector<ExtraColumn>& extra, bool with_job,
                    const std::vector<ExtraColumn>& deviations = {});

// "epoch 3/20, step 80/600, accuracy 0.8100, 12s left", "reading pictures 120/600"; of what
// read_progress() gives, which may be any document.
std::string progress_text(const Json& progress);

// How long it has trained in all its attempts, without what lay between them; until now while it
// runs. NaN when it has not started.
double duration_s(const VersionSummary& version);

}  // namespace mat
