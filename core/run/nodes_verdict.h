#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/run/runner.h"

namespace mat {

// How an attempt went whose nodes have ended on other machines, by what they have left in the
// version's folder (see run_description.h).

// Whether one has left word of a failure.
bool has_failed_node(const std::filesystem::path& version_folder, int nodes);

// Of all nodes: the failure that came first, with its node and host where there are several; what
// nodes say that only lost the others is no failure of theirs. Those that have left no word were
// killed, and are all named when nobody has failed: `silent_reason` says what is known of that. An
// end that a node was told, and has told the others, has its node and reason.
RunResult verdict_of_nodes(const std::filesystem::path& version_folder, int nodes,
                           const std::vector<std::string>& hosts, const std::string& silent_reason);

}  // namespace mat
