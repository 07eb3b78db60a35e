#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>
#include <vector>

#include "core/registry/records.h"

namespace mat {

// Names of the services, running or not, that serve a model's version, a job's version or any
// version of a job.
std::vector<std::string> services_of_model_version(SQLite::Database& connection, Id version);
std::vector<std::string> services_of_version(SQLite::Database& connection,
                                             const std::string& reference);
std::vector<std::string> services_of_job(SQLite::Database& connection, const std::string& job);

// A conflict that names the services, if there are any. `what` is what they need.
void refuse_in_service(const std::string& what, const std::vector<std::string>& services);

}  // namespace mat
