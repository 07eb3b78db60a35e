#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

namespace mat {

// A conflict that names them when visualizations that are active show the version, or any version
// of the job.
void refuse_shown_version(SQLite::Database& connection, const std::string& reference);
void refuse_shown_job(SQLite::Database& connection, const std::string& job);

}  // namespace mat
