#pragma once

#include <vector>

#include "cli/commands/doctor_finding.h"
#include "core/base/home.h"

namespace mat {

// What is wrong with the Slurm clusters of a home's pools: clients, controller and, with
// `with_nodes`, what a node sees of the home, by a short job on each.
void look_at_slurm_pools(const Home& home, bool with_nodes, std::vector<DoctorFinding>& findings);

}  // namespace mat
