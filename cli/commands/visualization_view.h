#pragma once

#include <vector>

#include "cli/output/table.h"
#include "core/base/home.h"
#include "core/registry/records.h"

namespace mat {

Json visualization_json(const VisualizationRecord& visualization, const Home& home);
Table visualization_table(const std::vector<VisualizationRecord>& visualizations);
void print_visualization(const VisualizationRecord& visualization, const Home& home);

}  // namespace mat
