#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace mat {

// What one of several trainings of a version came to.
struct SeedResult {
  std::uint64_t seed = 0;
  std::int64_t last_step = 0;
  std::map<std::string, double> metrics;  // those of the best weights, then the rest by their best
  Json evaluation;                        // its evaluation.json; null without one
  Json facts = Json::object();            // what it recorded
  Json state;                             // the run's, when it was done (see TrainObserver)
};

// VERSION/seeds/SEED
std::filesystem::path seed_folder(const std::filesystem::path& version_folder, std::uint64_t seed);

// result.json of a seed that is done; nothing for one that is not.
std::optional<SeedResult> read_seed_result(const std::filesystem::path& version_folder,
                                           std::uint64_t seed);
// Everything that the seed has written is on the disk before it.
void write_seed_result(const std::filesystem::path& version_folder, const SeedResult& result);

// The one with the highest accuracy or, where there is none, the lowest loss; the first of equals.
// `results` is not empty.
const SeedResult& best_seed(const std::vector<SeedResult>& results);

struct Spread {
  double mean = 0, deviation = 0;  // the sample standard deviation; 0 of a single value
};
// Of the metrics that every seed has.
std::map<std::string, Spread> spread_of(const std::vector<SeedResult>& results);

// Writes the version's evaluation.json, and puts the best seed's other results where a version has
// them, without a second copy of them where the file system can.
void publish_seed_results(const std::filesystem::path& version_folder,
                          const std::vector<SeedResult>& results);

}  // namespace mat
