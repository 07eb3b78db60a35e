#include "core/run/run_results.h"

#include <unistd.h>

#include "core/base/names.h"
#include "core/run/run_environment.h"
#include "core/run/run_files.h"
#include "core/run/stop_request.h"

namespace mat {

namespace fs = std::filesystem;

fs::path output_of_channel(const fs::path& version_folder, const std::string& channel) {
  const fs::path output = version_folder / "output";
  return channel == "train_url" ? output : output / channel;
}

void copy_outputs(const JobSpec& spec, const VersionSummary& version, const fs::path& folder) {
  const fs::path place = fs::path(version.job) / version_label(version.number);
  for (const auto& [channel, path] : spec.outputs) {
    const fs::path from = output_of_channel(folder, channel);
    std::error_code ignored;
    if (fs::exists(from, ignored)) copy_into(from, fs::path(path) / place);
  }
  if (!spec.log_path.empty()) copy_into(folder / "log.txt", fs::path(spec.log_path) / place);
}

void remove_run_leftovers(const fs::path& version_folder) noexcept {
  for (const char* name : {"reserve", "progress.json", "progress.json.part"}) {
    ::unlink((version_folder / name).c_str());
  }
  withdraw_stop(version_folder);
  remove_run_environment(version_folder);
}

}  // namespace mat
