#pragma once

#include <filesystem>
#include <vector>

#include "core/registry/registry.h"

namespace mat {

// The columns of TensorBoard's table of hyperparameters for these versions, as an event file in the
// folder `to`, which is made: every setting that one of them has, and of each metric the result
// (see result_tag()), not the last point. Without a metric there is no file: TensorBoard then takes
// what it finds. Throws io errors.
void write_table_columns(const Home& home, const std::vector<VersionRecord>& versions,
                         const std::filesystem::path& to);

}  // namespace mat
