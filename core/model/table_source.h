#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/registry/registry.h"
#include "core/training/table_description.h"

namespace mat {

// A version that answers for rows of tables.
struct TableSource {
  std::string reference;         // "prices@V0003"
  std::filesystem::path file;    // its weights
  std::filesystem::path folder;  // the version's, for what is stored with it
  TableDescription description;
};

// Nothing when the reference is not one of a version that was trained on a table: then it may be
// one of something else (see find_model_source()). Throws a conflict for a version that has no
// weights.
std::optional<TableSource> find_table_source(Registry& registry, const std::string& reference);

}  // namespace mat
