#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/command/container.h"
#include "core/training/log_file.h"
#include "core/training/trainer.h"

namespace mat {

// A user's own command. Paths are absolute.
struct CommandRequest {
  std::vector<std::string> arguments;    // the program first; no shell is involved
  std::vector<std::string> environment;  // NAME=VALUE, the whole of it
  std::filesystem::path working_folder;  // where it begins and its relative program is looked for
  std::filesystem::path version_folder;
  std::filesystem::path output_folder;  // event files anywhere below it are read
  std::filesystem::path metrics_file;   // MAT_METRICS_FILE, made when absent
  // The curves of earlier attempts, which began then, go on: for what those have written see
  // event_folder.h and metric_file.h.
  std::optional<std::filesystem::file_time_type> goes_on_since;
  // Of metrics that earlier attempts have reported, by name: points without a step count on.
  std::map<std::string, std::int64_t, std::less<>> last_steps;
  std::vector<std::string> metric_patterns;  // for lines on stdout; none: as line_metrics.h says
  std::optional<Container> container;
  double stop_grace_s = 10;  // between SIGTERM and SIGKILL
};

// What is recorded of a command's end.
constexpr std::array<const char*, 4> kEndFacts{"exit_code", "signal", "peak_memory_bytes",
                                               "cpu_seconds"};

// Throws a usage error when the command cannot be started as it is: its program is not found or not
// executable, the pattern is none, the container does not work. Changes nothing.
void check_command(const CommandRequest& request);

// Runs the command to its end and brings its output into `log` and its metrics to the observer.
//
// Its whole process tree ends with it: what is left when the program itself has ended is killed,
// detached children too, and everything when this process dies, however it dies. On
// stop_requested(), asked every 50 ms, the tree gets SIGTERM, and SIGKILL when something of it is
// left after stop_grace_s; the outcome is then `stopped`, whatever the exit code.
//
// Records, as soon as it has ended, "exit_code" (null after a signal), "signal" ("SIGTERM", null
// without), "peak_memory_bytes" (of the largest single process) and "cpu_seconds" (of all).
//
// Throws training_failed when the program fails, usage errors like check_command() before anything
// has started, and io errors (a full disk) after the tree has been killed. Makes this process the
// adopter of orphans (PR_SET_CHILD_SUBREAPER) meanwhile: no other thread should start processes.
// `log` must be the only LogFile that writes this log.
TrainOutcome run_command(const CommandRequest& request, TrainObserver& observer, LogFile& log);

}  // namespace mat
