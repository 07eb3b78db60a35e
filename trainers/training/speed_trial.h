#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/training/trainer.h"

namespace mat {

// One of several ways to compute the same.
struct TrialCandidate {
  std::string name;  // for the log
  // Makes what is tried. Each call of what it gives does the same work and returns its seconds.
  std::function<std::function<double()>()> start;
};

struct TrialResult {
  std::size_t fastest = 0;  // a place in the list of candidates
  // Whether repeated steps took the same time. If not, something else kept the machine busy, and
  // another trial may find another candidate.
  bool is_steady = true;
};

// Lets the candidates take turns for a moment. They stand from the most promising one to the
// plainest one. Says to the log how long each took. Throws an interrupted error when a stop is
// requested.
TrialResult find_fastest(const std::vector<TrialCandidate>& candidates, TrainObserver& observer);

}  // namespace mat
