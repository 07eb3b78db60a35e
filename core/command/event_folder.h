#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/command/metric_sink.h"
#include "core/metrics/event_tail.h"

namespace mat {

// The event files anywhere below a folder, while a command writes them; links are not followed.
// A scalar's name is its tag. Where several folders have the same tag, the first one's stays, and
// the others' get as many folder names in front as tell them apart ("run2/loss",
// "fold2/run/loss"). Tags in folders named train, training, val, valid, validation, test or eval
// always get one.
class EventFolder {
 public:
  // What is there now was written in earlier attempts: passed over, or, when their curves go on,
  // read by the first poll as MetricSink has it, as far as it was written since these began.
  explicit EventFolder(std::filesystem::path folder,
                       std::optional<std::filesystem::file_time_type> goes_on_since = {});

  // Reads what is new. Throws io errors. A damaged file is read up to its damage, and logged.
  void poll(MetricSink& sink, TrainObserver& observer);

 private:
  void find_files();
  void read_files(MetricSink& sink, TrainObserver& observer);
  const std::string& name_of(const std::filesystem::path& folder, std::string_view tag,
                             const MetricSink& sink);
  std::string new_name(const std::filesystem::path& folder, std::string_view tag,
                       const MetricSink& sink);
  std::vector<std::string> possible_names(const std::filesystem::path& folder,
                                          std::string_view tag) const;

  std::filesystem::path folder_;
  bool reads_earlier_;
  // The older first, by the seconds in their names: that decides who keeps a tag, also when they
  // are read again.
  std::map<std::pair<std::string, std::filesystem::path>, EventTail> files_;
  std::map<std::filesystem::path, std::map<std::string, std::string, std::less<>>> names_;
  std::set<std::string> taken_;  // by folders that have written in this attempt
};

}  // namespace mat
