#include "core/run/attempts.h"

#include <algorithm>

#include "core/pool/schedule.h"

namespace mat {
namespace {

constexpr std::int64_t kFirstPauseMs = 1000;
constexpr int kMostDoublings = 16;

// The change by which it was submitted last: Pending after something that is not Running.
std::size_t submission_in(const std::vector<StatusChange>& history) {
  for (std::size_t i = history.size(); i-- > 1;) {
    if (history[i].status == Status::pending && history[i - 1].status != Status::running) return i;
  }
  return history.size();
}

}  // namespace

int count_starts(const std::vector<StatusChange>& history) {
  return static_cast<int>(std::count_if(history.begin(), history.end(), [](const StatusChange& c) {
    return c.status == Status::running;
  }));
}

int attempts_of(const std::vector<StatusChange>& history) {
  const std::size_t begin = submission_in(history);
  return count_starts({history.begin() + static_cast<std::ptrdiff_t>(begin), history.end()});
}

std::int64_t submitted_ms(const std::vector<StatusChange>& history) {
  const std::size_t begin = submission_in(history);
  return begin < history.size() ? history[begin].at_ms : 0;
}

double seconds_used(const std::vector<StatusChange>& history) {
  double ms = 0;
  for (std::size_t i = submission_in(history); i + 1 < history.size(); ++i) {
    // A clock that was set back must not give time.
    if (history[i].status == Status::running) {
      ms += static_cast<double>(std::max<std::int64_t>(0, history[i + 1].at_ms - history[i].at_ms));
    }
  }
  return ms / 1000;
}

std::int64_t pause_after(int attempts) {
  return std::min(kFirstPauseMs << std::clamp(attempts - 1, 0, kMostDoublings),
                  Schedule::kLongestPauseMs);
}

}  // namespace mat
