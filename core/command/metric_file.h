#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/file.h"
#include "core/command/metric_sink.h"

namespace mat {

// MAT_METRICS_FILE: JSON lines that a command, or `mat metric log`, appends. A line is either
//   {"name": "accuracy", "value": 0.9, "step": 3}     without a step: counted for each name
//   {"step": 3, "accuracy": 0.9, "loss": 0.1}         every number is a metric
// In the second form "epoch" stands for an absent "step", and "time", "timestamp" and "wall_time"
// are no metrics. NaN and Infinity are numbers, as Python's json writes them.
struct MetricLine {
  std::optional<std::int64_t> step;
  std::vector<std::pair<std::string, double>> values;
};

// Throws an Error (usage) that says what is wrong with the line.
MetricLine parse_metric_line(std::string_view line);

// Appends one line of the first form in one write, so that many processes can do it at once. Makes
// the file when absent. Throws io errors.
void append_metric(const std::filesystem::path& file, std::string_view name,
                   std::optional<std::int64_t> step, double value);

// Follows such a file. A line without its line break waits for the rest; one that cannot be read is
// counted, and the first of them logged with its number.
class MetricFile {
 public:
  // What is in the file now was appended by earlier attempts, the last lines of which nobody may
  // have read: points with a step are taken again (whoever gets them knows which it has), those
  // without are passed over. It need not exist.
  explicit MetricFile(const std::filesystem::path& path);

  // Reads what is new. Throws io errors. A file that got shorter is read from its beginning.
  void poll(MetricSink& sink, TrainObserver& observer);
  // The same, and takes a last line without line break; logs how many could not be read.
  void finish(MetricSink& sink, TrainObserver& observer);

 private:
  void take_line(std::string_view line, bool is_earlier, MetricSink& sink, TrainObserver& observer);

  std::filesystem::path path_;
  std::uint64_t offset_ = 0, earlier_bytes_ = 0;
  std::string line_;  // the unfinished one
  bool is_too_long_ = false;
  std::int64_t lines_ = 0, bad_lines_ = 0;
};

}  // namespace mat
