#include "core/run/batch_history.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include "core/base/file.h"
#include "core/base/time.h"
#include "core/run/attempts.h"
#include "core/slurm/submission.h"
#include "core/training/log_file.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

BatchLine line_at(BatchEvent event, std::int64_t at_ms) {
  BatchLine line;
  line.event = event;
  line.at_ms = at_ms;
  return line;
}

// The time of the log becomes that.
void write_log_at(const fs::path& folder, std::int64_t at_ms) {
  put_file(folder / kLogName, "a line\n");
  const auto ago = std::chrono::milliseconds(now_ms() - at_ms);
  fs::last_write_time(folder / kLogName, fs::file_time_type::clock::now() - ago);
}

}  // namespace

TEST_CASE("what a batch job has reported tells how long its attempts have run", "[run]") {
  const TempFolder temp;
  const std::int64_t hour_ago = now_ms() - 3'600'000;
  BatchReport report;
  report.lines = {line_at(BatchEvent::started, hour_ago),
                  line_at(BatchEvent::failed, hour_ago + 10'000),
                  line_at(BatchEvent::started, hour_ago + 60'000),
                  line_at(BatchEvent::interrupted, hour_ago + 80'000)};
  CHECK(seconds_used(history_of_batch(temp.path(), report)) == 30);
  CHECK(attempts_of(history_of_batch(temp.path(), report)) == 2);
}

TEST_CASE("an attempt on Slurm that was cut off has run until it last logged", "[run]") {
  const TempFolder temp;
  const std::int64_t hour_ago = now_ms() - 3'600'000;
  BatchReport report;
  report.lines = {line_at(BatchEvent::started, hour_ago)};
  write_log_at(temp.path(), hour_ago + 20'000);
  CHECK(seconds_used(history_of_batch(temp.path(), report)) == Approx(20).margin(0.1));
  // Clocks of machines differ.
  write_log_at(temp.path(), hour_ago - 20'000);
  CHECK(seconds_used(history_of_batch(temp.path(), report)) == 0);
}

TEST_CASE("a job that Slurm starts for the first time has used none of its time", "[run]") {
  const TempFolder temp;
  const auto history = history_of_batch(temp.path(), {});
  CHECK(seconds_used(history) == 0);
  CHECK(attempts_of(history) == 0);
}

}  // namespace mat
