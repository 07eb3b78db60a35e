#include "core/run/job_end.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/time.h"
#include "core/run/stop_request.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kReportGraceMs = 3000;

bool was_interrupted(const BatchReport& report) {
  return !report.lines.empty() && report.lines.back().event == BatchEvent::interrupted;
}

}  // namespace

bool has_settled(const SlurmLook& look, const SlurmJob& ended, const BatchReport& report) {
  const bool never_began = report.lines.empty() && end_of(ended.state) == SlurmEnd::terminated;
  if (was_interrupted(report) || never_began) return true;
  const auto found = look.ended_ms.find(ended.id);
  const std::int64_t since_ms =
      found == look.ended_ms.end() ? 0 : std::llabs(now_ms() - found->second);
  return since_ms >= kReportGraceMs;
}

bool goes_on_in_another_job(const fs::path& version_folder, const BatchSubmission& submission,
                            const BatchReport& report, const ActiveVersion& version,
                            const SlurmJob& ended) {
  if (!was_taken_away(ended.state) || submission.words.empty()) return false;
  const auto attempts =
      std::count_if(report.lines.begin(), report.lines.end(),
                    [](const BatchLine& line) { return line.event == BatchEvent::started; });
  const int restarts = version.submission ? version.submission->restarts_left : 0;
  return restarts > 0 && attempts <= restarts && !requested_stop(version_folder);
}

JobEnd end_of_job(const fs::path& version_folder, const BatchReport& report,
                  const SlurmJob& ended) {
  if (const auto request = requested_stop(version_folder)) return {Status::terminated, *request};
  switch (end_of(ended.state)) {
    case SlurmEnd::terminated:
      return {Status::terminated, end_text(ended)};
    case SlurmEnd::failed:
      return {Status::failed, end_text(ended)};
    case SlurmEnd::abnormal:
      break;
  }
  if (was_interrupted(report) && ended.state != "NODE_FAIL") {
    return {Status::terminated, report.lines.back().reason};
  }
  return {Status::abnormal, end_text(ended)};
}

}  // namespace mat
