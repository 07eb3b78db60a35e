#pragma once

#include <string>

#include "trainers/models/network_graph.h"

namespace mat {

// What a program of make_torchscript() computes, in TorchScript: forward(), predict() and what they
// need. Refers to the program's attributes as self.NAME, to its weights by attribute_name().
std::string torchscript_source(const NetworkGraph& graph);
// The same of make_table_torchscript().
std::string table_torchscript_source(const NetworkGraph& graph, bool is_regression);

// "layer1.0.conv1.weight" → "layer1_0_conv1_weight".
std::string attribute_name(const std::string& key);

}  // namespace mat
