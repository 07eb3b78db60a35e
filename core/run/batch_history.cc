#include "core/run/batch_history.h"

#include <sys/stat.h>

#include <algorithm>

#include "core/base/time.h"
#include "core/slurm/submission.h"
#include "core/training/log_file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::int64_t last_logged_ms(const fs::path& version_folder) {
  struct stat log {};
  if (::stat((version_folder / kLogName).c_str(), &log) != 0) return now_ms();
  return std::int64_t{log.st_mtim.tv_sec} * 1000 + log.st_mtim.tv_nsec / 1'000'000;
}

}  // namespace

std::vector<StatusChange> history_of_batch(const fs::path& version_folder,
                                           const BatchReport& report) {
  std::vector<StatusChange> history{{0, Status::initializing, {}}};
  const auto submission = read_submission(version_folder);
  history.push_back({submission ? submission->at_ms : now_ms(), Status::pending, {}});
  for (const BatchLine& line : report.lines) {
    const bool begins = line.event == BatchEvent::started;
    history.push_back({line.at_ms, begins ? Status::running : Status::pending, {}});
  }
  if (history.back().status == Status::running) {
    // Clocks of machines differ: never before it began.
    const std::int64_t last_ms = std::min(last_logged_ms(version_folder), now_ms());
    history.push_back({std::max(history.back().at_ms, last_ms), Status::pending, {}});
  }
  return history;
}

}  // namespace mat
