#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/home.h"
#include "core/base/json.h"

// What a model was validated on: validation.jsonl beside its weights, with a line {"file", "label"}
// for each picture, whose name is relative to a folder, or {"row", "label"} for each row of a
// table ("row 12", or "val row 12" of val.csv). The folder or the table stands in model.json; one
// within the home is kept relative to it, since homes are moved.

namespace mat {

// {"root", "pictures" or "rows"} for model.json. Writes the list into `folder` from the
// predictions.jsonl of a version; there is none where that is absent or has neither. `root` is
// where the pictures were, or the table. Throws errors of JsonLines and io errors.
Json write_validation_list(const Home& home, const std::filesystem::path& predictions,
                           const std::filesystem::path& root, const std::filesystem::path& folder);

// The pictures of a model whose folder is `folder`; `validation` is what stands in its model.json;
// none when they are not known. Opens none of them.
std::vector<std::filesystem::path> validation_pictures(const Home& home, const Json& validation,
                                                       const std::filesystem::path& folder);

// Rows of a table, by their places in it.
struct ListedRows {
  std::filesystem::path table;  // a CSV file
  bool is_val = false;          // val.csv of a folder
  std::vector<std::size_t> rows;
};
// The same of a model for tables. Nothing when they are not known. Does not read the table.
std::optional<ListedRows> validation_rows(const Home& home, const Json& validation,
                                          const std::filesystem::path& folder);

}  // namespace mat
