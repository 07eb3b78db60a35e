#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/command/metric_sink.h"
#include "core/metrics/event_tail.h"

namespace mat {

// The event files anywhere below a folder, while a command writes them; links are not followed.
// A scalar's name is its tag. Where several folders have the same tag, the first one's stays, and
// the others' get their folder's name in front ("run2/loss"), as do all tags in folders named
// train, training, val, valid, validation, test or eval.
class EventFolder {
 public:
  // What is there now is passed over.
  explicit EventFolder(std::filesystem::path folder);

  // Reads what is new. Throws io errors. A damaged file is read up to its damage, and logged.
  void poll(MetricSink& sink, TrainObserver& observer);

 private:
  void find_files();
  std::string name_of(const std::string& folder, std::string_view tag);

  std::filesystem::path folder_;
  std::map<std::filesystem::path, EventTail> files_;
  std::map<std::string, std::string, std::less<>> folder_of_tag_;
};

}  // namespace mat
