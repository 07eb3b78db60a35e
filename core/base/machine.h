#pragma once

#include <string>

#include "core/base/json.h"

namespace mat {

// What tells this machine apart; empty where the system does not say. Read once.
struct Machine {
  std::string host;
  std::string boot_id;  // a new one at each start
};
const Machine& this_machine();

// This machine as one text for a record, and whether such a record means it: the boot id tells
// kernels apart, also when containers of one machine have hosts' names of their own; the name tells
// the same machine after it was started again.
std::string machine_text();
bool is_this_machine(const std::string& host, const std::string& boot_id);
bool is_this_machine(const std::string& machine_text);

// {"name", "cores", "memory_bytes", "os", "cpu", "boot_id"} of this machine.
Json host_facts();

}  // namespace mat
