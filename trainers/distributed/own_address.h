#pragma once

#include <string>

#include "core/training/node_group.h"

namespace mat {

// This machine's address on the way to node 0: names of hosts may lead to addresses that others
// cannot reach. Throws a training_failed error where there is no way.
std::string own_address(const NodeGroup& group);

// The network interface that has an address of this machine; empty when none has.
std::string interface_of(const std::string& address);

}  // namespace mat
