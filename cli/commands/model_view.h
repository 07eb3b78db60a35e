#pragma once

#include <vector>

#include "cli/output/table.h"
#include "core/model/models.h"

// How models look, in tables and in JSON.

namespace mat {

Json model_json(const ModelRecord& model);
Table model_table(const std::vector<ModelRecord>& models);

Json model_version_json(const ModelVersionRecord& version);
Table model_version_table(const std::vector<ModelVersionRecord>& versions);

// With what stands in its folder, and the services that use it.
Json stored_model_json(Registry& registry, const StoredModel& model);
void print_stored_model(Registry& registry, const StoredModel& model);

// "flowers@1.0.0  resnet18, 5 classes, accuracy 0.9310" or "rents@1.0.0  tabular_mlp, target rent,
// rmse 91.2300": after it was made.
std::string model_line(const StoredModel& model);

}  // namespace mat
