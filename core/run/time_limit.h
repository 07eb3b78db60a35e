#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/registry/records.h"
#include "core/spec/job_spec.h"

namespace mat {

// The time at which the clock ends a version, by its recorded settings and the submission that
// `history` tells of last; nothing when auto_stop is no clock time.
std::optional<std::int64_t> end_by_clock_ms(const Json& settings,
                                            const std::vector<StatusChange>& history);

// "auto_stop at 2026-11-21 06:00:00".
std::string reason_of_clock(std::int64_t end_ms);

// A spec's auto_stop for one submission of a version: a time of training, in all its attempts, or
// the time when the clock first shows it after the submission.
class TimeLimit {
 public:
  TimeLimit(const JobSpec& spec, const std::vector<StatusChange>& history);

  // The version runs from now on; only the first call counts.
  void start();
  // "auto_stop after 4h00m", "auto_stop at 2026-11-21 06:00:00"; empty while there is time left.
  std::string reason() const;

 private:
  std::optional<double> limit_s_, left_s_;  // left when this process began
  std::optional<std::int64_t> end_ms_;
  std::optional<double> started_s_;
};

}  // namespace mat
