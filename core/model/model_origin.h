#pragma once

#include <filesystem>

#include "core/base/home.h"
#include "core/registry/records.h"

// What a version of a job hands on to a model that is made of it.

namespace mat {

// Its best weights. Throws a conflict when there are none.
std::filesystem::path weights_of(const Home& home, const VersionRecord& version);

// Throws a usage error for a version of an algorithm that makes nothing that answers.
void require_answering(const VersionRecord& version);
bool is_of_table(const VersionRecord& version);

// accuracy, f1, … of these weights: of several seeds they are one, and the version's own metrics
// the mean of all.
Json metrics_of(const VersionRecord& version, const std::filesystem::path& weights);

// See models.h.
Json origin_of(const VersionRecord& version);

// What names in predictions.jsonl are of: the folder of the pictures, or the table; empty when it
// was not recorded.
std::filesystem::path root_of_data(const VersionRecord& version);

}  // namespace mat
