#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "trainers/models/network.h"
#include "trainers/models/network_graph.h"
#include "trainers/models/weights_file.h"

namespace mat {

// What of make_tabular_network() its weights tell.
struct TabularShape {
  std::vector<std::int64_t> hidden;  // widths of the layers, from the first on
  bool has_dropout = false;
  int outputs = 0;
};

// Throws an io error for what are no such weights; `file` names them.
TabularShape tabular_shape(const Weights& weights, const std::string& file);

// The network with these weights, in evaluation. Throws usage errors as load_weights() does.
std::shared_ptr<Network> load_tabular_network(const Weights& weights, const TabularShape& shape,
                                              int columns);

// What it computes, of rows that are encoded.
NetworkGraph tabular_graph(const TabularShape& shape);

}  // namespace mat
