#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/cache/content.h"

namespace mat {

// How a classifier did on one validation sample. What the sample is and what its label is are known
// by the hash of both, so that a file of any size takes little memory.
struct JudgedSample {
  Content sample;
  bool is_right = false;
};

struct JudgedPredictions {
  std::string kind = "samples";       // what they are: "pictures" or "rows" where the file says so
  std::vector<JudgedSample> samples;  // in the order of their hashes
  std::int64_t right = 0;

  double accuracy() const;  // NaN without samples
};

// Reads predictions.jsonl: lines with "file" or "row", "label" and "predicted". Nothing is in it
// when the lines are those of a regression. It is a plain file that people may edit or replace:
// throws usage and io errors for what is no such file, FILE:LINE in front where there is one, and
// for more than two million lines.
JudgedPredictions read_judged_predictions(const std::filesystem::path& file);

}  // namespace mat
