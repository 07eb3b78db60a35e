#include "core/run/run_results.h"

#include <fmt/core.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/run/run_environment.h"
#include "core/run/stop_request.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// A file, or a folder's content, into the folder `to`.
void copy_into(const fs::path& from, const fs::path& to) {
  make_folders(to);
  std::error_code error;
  const bool is_folder = fs::is_directory(from, error);
  fs::copy(from, is_folder ? to : to / from.filename(),
           fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  if (error) {
    throw_io_error(fmt::format("cannot copy '{}' to '{}'", from.string(), to.string()),
                   error.value());
  }
}

}  // namespace

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
