#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/home.h"
#include "core/base/json.h"
#include "core/metrics/confidence.h"
#include "core/registry/records.h"

namespace mat {

// On the same samples with the same labels: on how many only one of two versions is right, and the
// p of McNemar's exact test.
struct PairedTest {
  std::int64_t samples = 0, only_right = 0, only_wrong = 0;
  double p = 1;
};

// On samples of their own: the accuracies, and how much higher the version's is than the one it is
// compared with, with 95 % bootstrap intervals.
struct UnpairedTest {
  double accuracy = 0, against_accuracy = 0, difference = 0;
  Interval interval, against_interval, difference_interval;
  std::int64_t samples = 0, against_samples = 0, in_common = 0;
};

// Whether a version is really better or worse than another one, or by chance.
struct RealDifference {
  std::string version, against;  // references
  std::string kind;              // of samples: "pictures", "rows" or "samples"
  bool is_real = false;          // chance gives as much in less than one of twenty cases
  std::optional<PairedTest> paired;
  std::optional<UnpairedTest> unpaired;  // one of both
  std::string words;                     // a sentence without its full stop
};

struct RealDifferences {
  // Of two versions, the second against the first. Of more, each against the one with the highest
  // accuracy, the first of equals. Versions that are no classifiers or have no predictions yet are
  // left out.
  std::vector<RealDifference> rows;
  std::vector<std::string> notes;  // whose predictions could not be read, and why
};

// Reads the versions' predictions.jsonl, no more than two at a time. Versions without any cost one
// look at the folder. Samples are the same by their names and labels; rows of tables, which are
// named by numbers, only when the data is the same as well.
RealDifferences real_differences(const Home& home, const std::vector<VersionRecord>& versions);

// {"version", "against", "test": "mcnemar", "samples", "only_right", "only_wrong", "p", "is_real",
// "words"}, or {"version", "against", "test": "bootstrap", "accuracy", "interval",
// "against_accuracy", "against_interval", "difference", "difference_interval", "samples",
// "against_samples", "in_common", "is_real", "words"}.
Json to_json(const RealDifference& difference);

}  // namespace mat
