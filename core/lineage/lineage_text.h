#pragma once

#include <string>
#include <vector>

#include "core/lineage/lineage_graph.h"

namespace mat {

// What a piece of a line is, for whoever gives it a colour.
enum class LineageRole { tree, heading, relation, start, name, good, bad, active, detail, faint };

struct LineageSpan {
  std::string text;  // printable
  LineageRole role = LineageRole::detail;
};
using LineageLine = std::vector<LineageSpan>;

// As a tree for the terminal: the start, what it was made from, what was made from it. Each thing
// stands there once, as near to the start as it is; further links to it stand in the lines of what
// was made from it. Lines are cut to `columns`; 0: not at all.
std::vector<LineageLine> lineage_lines(const LineageGraph& graph, int columns);

// For graphviz.
std::string lineage_dot(const LineageGraph& graph);

}  // namespace mat
