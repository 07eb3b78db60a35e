#pragma once

#include <functional>
#include <string>

#include "core/lineage/lineage_graph.h"

namespace mat {

struct LineageSvgOptions {
  // Where a node leads to; empty, or no function: nowhere.
  std::function<std::string(const LineageNode& node)> link;
  // With colours for light and dark of its own. A page that allows no styles of strangers has its
  // own for the classes: svg.lineage, .back, .edge (.serves, .served, …), .label, g.node (.start,
  // .deleted, .more, and its kind: .version, .dataset_version, …) with rect, .kind, .name, .detail.
  bool has_style = true;
};

// One picture, from left to right, that needs nothing from elsewhere. Whatever is in a name is
// text.
std::string lineage_svg(const LineageGraph& graph, const LineageSvgOptions& options = {});

}  // namespace mat
