#pragma once

#include <string>
#include <vector>

#include "cli/output/table.h"
#include "core/catalog/datasets.h"
#include "core/catalog/publish.h"
#include "core/dataset/export.h"
#include "core/dataset/manifest_diff.h"

// How datasets look, in tables and in JSON.

namespace mat {

Json dataset_json(const DatasetRecord& dataset);
Table dataset_table(const std::vector<DatasetRecord>& datasets);

Json dataset_version_json(const DatasetVersionRecord& version);
Table dataset_version_table(const std::vector<DatasetVersionRecord>& versions);

// Classes with their pictures by usage.
Table class_table(const PictureCounts& counts);

// "120 pictures in 3 classes, 4 without a label".
std::string counts_text(const PictureCounts& counts);
std::string split_text(const PictureCounts& counts);  // "96 TRAIN, 24 EVAL"

Json import_json(const ImportReport& report);
// What is to be known of an import beside its result, on stderr.
void note_import(const ImportReport& report);

Json publish_json(const PublishReport& report);
void note_publish(const PublishReport& report);

Json diff_json(const ManifestDiff& diff);
Table diff_table(const ManifestDiff& diff);

Json export_json(const ExportSummary& summary);

}  // namespace mat
