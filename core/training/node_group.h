#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"

namespace mat {

// A training that several processes do together, and which of them this one is.
struct NodeGroup {
  int node = 0;   // from 0, its rank
  int nodes = 1;  // how many there are
  // Where node 0 is reached by all others, and a port there that was free a moment ago.
  std::string address;
  int port = 0;
  std::vector<std::string> hosts;  // of each node, for a person; may be empty

  bool is_first() const { return node == 0; }
  bool is_alone() const { return nodes <= 1; }
};

// How long one node waits for a sign of another: $MAT_NODES_PATIENCE seconds, or 300.
double nodes_patience_s();

// What a training throws when the others cannot be reached any more. Why, they know themselves.
class __attribute__((visibility("default"))) NodesLost : public Error {
 public:
  using Error::Error;
};

}  // namespace mat
