#pragma once

#include <filesystem>
#include <string>

#include "cli/context.h"

namespace mat {

// Where the pictures are that a person names: a path that is there (and a note, when a dataset has
// that name too), or else a dataset. "flowers" is its current version, or the list that is worked
// on where none was published or `works_on_list` is set; "flowers@V002" is the manifest of a
// version. Absolute. Throws a not_found error when it is neither.
std::filesystem::path data_path(const Context& context, const std::string& data,
                                bool works_on_list = false);

// Says which of both is meant where a path that is there is the name of a dataset, too.
void note_if_dataset_too(const Context& context, const std::string& data);

}  // namespace mat
