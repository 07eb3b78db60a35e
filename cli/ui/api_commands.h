#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/http/query.h"

namespace mat {

// Which command answers a GET of this path: "/api/jobs" is mat job list --json. Nothing when none
// does. What the query does not say is left to the command.
std::optional<std::vector<std::string>> reading_command(const std::string& path,
                                                        const HttpQuery& query);

// Which command does an action: {"action": "stop_version", "reference": "flowers@V0003"}. Throws a
// usage error for an action that is none, and for fields that are missing or none of its own.
std::vector<std::string> changing_command(const Json& request);

}  // namespace mat
