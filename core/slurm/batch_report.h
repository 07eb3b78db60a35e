#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mat {

// VERSION_FOLDER/batch/report.jsonl: what the runner in a batch system tells of its version, line
// by line, for whoever brings it into the registry. The runner itself never opens the registry,
// which is on a network's file system there.

enum class BatchEvent {
  started,      // an attempt began
  failed,       // it failed, and another one follows after a pause
  interrupted,  // the runner was told to end, by the batch system; that one knows why
  ended,        // the version has ended
};

struct BatchLine {
  BatchEvent event = BatchEvent::started;
  std::string token;     // of the submission
  std::int64_t job = 0;  // of the batch system
  std::int64_t at_ms = 0;
  int attempt = 0;                 // of this submission, from 1
  int restart = 0;                 // how often the batch system has put it back into its queue
  std::vector<std::string> hosts;  // started: node 0 first
  std::string status;              // ended: "Completed", as Status has it
  std::string reason;
  int code = 0;  // ended: the exit code of the run
};

// Adds a line; it is on the disk when this returns. Throws io errors.
void add_to_report(const std::filesystem::path& version_folder, const BatchLine& line);

struct BatchReport {
  std::vector<BatchLine> lines;  // of the submission with the token only
  // lines[i] is the places[i]-th line of the file, from 1.
  std::vector<std::int64_t> places;
};

// What has been reported for a submission; empty when nothing has. An unfinished line, and one that
// cannot be understood, is left out.
BatchReport read_report(const std::filesystem::path& version_folder, const std::string& token);

}  // namespace mat
