#pragma once

#include "core/algorithm/algorithm.h"
#include "core/spec/node_reader.h"

namespace mat {

// A hyperparameter as the file of an algorithm declares it: type, default, range or choices,
// required, adjustable and description. Without a type it has that of its default, or of its first
// choice, or else String. What is wrong goes to the reader's problems.
Hyperparameter read_hyperparameter(NodeReader& nodes, const NamedNode& node);

}  // namespace mat
