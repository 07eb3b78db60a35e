#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <string>
#include <vector>

namespace mat {

// The layout of the registry, as steps: step i brings layout i to layout i + 1. A step that has
// been released is never changed. The number of the layout is SQLite's user_version.
const std::vector<std::string>& registry_layout();

// Whether this file is a registry that this build can read: `layout` is 0 for one that holds
// nothing yet. Throws io errors for another program's database and for a newer layout.
int check_layout(SQLite::Database& connection, const std::filesystem::path& path,
                 const std::vector<std::string>& steps);

// Brings the registry up to date in one transaction. One that holds something is copied to
// "PATH.backup-vN" (N: its old layout) before. Safe when several processes do it at once.
void migrate(SQLite::Database& connection, const std::filesystem::path& path,
             const std::vector<std::string>& steps);

}  // namespace mat
