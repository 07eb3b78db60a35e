#include "core/run/run_results.h"

#include <fmt/core.h>
#include <unistd.h>

#include <optional>

#include "core/base/copy_tree.h"
#include "core/base/error.h"
#include "core/base/names.h"
#include "core/life/stop_request.h"
#include "core/run/run_environment.h"
#include "core/storage/remote_storage.h"
#include "core/training/log_file.h"

namespace mat {

namespace fs = std::filesystem;

fs::path output_of_channel(const fs::path& version_folder, const std::string& channel) {
  const fs::path output = version_folder / "output";
  return channel == "train_url" ? output : output / channel;
}

void copy_outputs(const JobSpec& spec, const VersionSummary& version, const fs::path& folder,
                  const std::function<void(std::string_view line)>& log,
                  const std::function<bool()>& stop_requested) {
  const std::string place = version.job + "/" + version_label(version.number);
  const auto copy = [&](const fs::path& from, const std::string& to, const TransferHooks& hooks) {
    std::error_code ignored;
    if (!fs::exists(from, ignored)) return;
    if (is_remote_address(to)) {
      const std::string below = to + (to.ends_with('/') ? "" : "/") + place + "/";
      upload_to_remote(from, below, environment_with(spec.environment), hooks);
    } else {
      copy_tree(from, fs::path(to) / place, log);
    }
  };
  TransferHooks hooks;
  hooks.log = log;
  hooks.stop_requested = stop_requested;
  // What went wrong with one is no reason to keep the other.
  std::optional<Error> failure;
  const auto attempt = [&](const char* what, const auto& work) {
    try {
      work();
    } catch (const Error& e) {
      const std::string problem =
          fmt::format("{} only in the version's folder: {}", what, e.message());
      failure = failure ? Error(failure->kind(), failure->message() + "; " + problem)
                        : Error(e.kind(), problem, e.hint());
    }
  };
  attempt("the results are", [&] {
    for (const auto& [channel, path] : spec.outputs) {
      if (!path.empty()) copy(output_of_channel(folder, channel), path, hooks);
    }
  });
  // Without a word in the log, which is on its way.
  if (!spec.log_path.empty()) {
    attempt("the log is", [&] {
      copy(folder / kOlderLogName, spec.log_path, {});
      copy(folder / kLogName, spec.log_path, {});
    });
  }
  if (failure) throw Error(*failure);
}

bool end_version(Registry& registry, Id version, const fs::path& version_folder,
                 const std::vector<Status>& from, Status status, const std::string& reason,
                 const Outcome& outcome) {
  if (!registry.change_status(version, from, status, reason, outcome)) return false;
  remove_run_leftovers(version_folder);
  return true;
}

void remove_run_leftovers(const fs::path& version_folder) noexcept {
  for (const char* name : {"reserve", "progress.json", "progress.json.part"}) {
    ::unlink((version_folder / name).c_str());
  }
  withdraw_stop(version_folder);
  remove_run_environment(version_folder);
}

}  // namespace mat
