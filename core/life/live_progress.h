#pragma once

#include <filesystem>

#include "core/base/json.h"
#include "core/training/trainer.h"

namespace mat {

// VERSION_FOLDER/progress.json: where a run is, for whoever looks from another process. Written at
// most every half second, not synced: it says nothing once the run has ended.
class LiveProgress {
 public:
  explicit LiveProgress(std::filesystem::path version_folder);
  ~LiveProgress();  // removes it
  LiveProgress(const LiveProgress&) = delete;
  LiveProgress& operator=(const LiveProgress&) = delete;

  void show(const Progress& progress);
  void show(std::string_view phase, std::int64_t done, std::int64_t total);

 private:
  void write(const Json& json);

  std::filesystem::path folder_;
  double written_s_ = 0;
};

// {"stage", "epoch", "epochs", "step", "steps", "loss", "metric_name", "metric",
// "samples_per_second", "seconds_left"} or {"phase", "done", "total"}; null when the run has said
// nothing yet.
Json read_progress(const std::filesystem::path& version_folder);

}  // namespace mat
