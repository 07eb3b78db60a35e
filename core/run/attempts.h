#pragma once

#include <cstdint>
#include <vector>

#include "core/registry/records.h"

namespace mat {

// What a version's history says of its attempts.

// How often it began to run, ever.
int count_starts(const std::vector<StatusChange>& history);
// How often since it was last submitted: created, or resumed.
int attempts_of(const std::vector<StatusChange>& history);
// When it was last submitted; 0: never.
std::int64_t submitted_ms(const std::vector<StatusChange>& history);
// How long it has run since, in attempts that are over.
double seconds_used(const std::vector<StatusChange>& history);

// The pause after the n-th attempt has failed: it doubles, up to Schedule::kLongestPauseMs.
std::int64_t pause_after(int attempts);

}  // namespace mat
