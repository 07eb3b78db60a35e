#include "cli/commands/exeml_data.h"

#include <fmt/core.h>

#include <filesystem>

#include "cli/commands/dataset_view.h"
#include "cli/commands/watched.h"
#include "cli/output/terminal.h"
#include "core/base/address.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/catalog/datasets.h"
#include "core/catalog/publish.h"
#include "core/run/provenance.h"
#include "core/run/run_environment.h"

namespace mat {
namespace {

constexpr std::size_t kLeastClasses = 2;
constexpr std::int64_t kLeastPictures = 5;

// The project's dataset with the pictures of a path, and nothing else.
DatasetVersionRecord publish_path(Registry& registry, const ExemlDataOptions& options) {
  const Watched watched;
  ImportRequest import;
  import.source = options.data;
  import.environment = environment_with({});
  import.only_these = true;
  const DatasetImport done =
      registry.find_dataset(options.project)
          ? import_into_dataset(registry, options.project, import, watched.hooks())
          : create_dataset(registry, options.project, "", import, watched.hooks());
  note_import(done.report);
  PublishRequest request;
  request.train_ratio = options.train_ratio;
  request.threads = usable_cores();
  request.accept_same = true;
  const PublishReport report = publish_dataset(registry, options.project, request, watched.hooks());
  note_publish(report);
  return report.version;
}

DatasetVersionRecord find_version(const Context& context, const ExemlDataOptions& options) {
  std::string reference = options.data;
  if (!options.dataset_version.empty()) {
    if (reference.find('@') != std::string::npos) {
      throw Error(ErrorKind::usage,
                  fmt::format("'{}' names a version, and so does --dataset-version", reference),
                  "leave one of them out");
    }
    reference += "@" + options.dataset_version;
  }
  return context.open_to_read().dataset_version(reference);
}

// Throws a usage error that lists all that is missing.
void require_enough(const DatasetVersionRecord& version) {
  const PictureCounts counts = picture_counts_from_json(version.counts);
  std::vector<std::string> missing;
  if (counts.classes.size() < kLeastClasses) {
    missing.push_back(
        fmt::format("{} of {} classes", kLeastClasses - counts.classes.size(), kLeastClasses));
  }
  for (const auto& [name, usage] : counts.classes) {
    if (usage.total() >= kLeastPictures) continue;
    missing.push_back(fmt::format("{} more of '{}' (it has {})", kLeastPictures - usage.total(),
                                  printable(name), usage.total()));
  }
  if (missing.empty()) return;
  throw Error(ErrorKind::usage,
              fmt::format("{} is too little to learn from; missing: {}", version.reference(),
                          join(missing, ", ")),
              fmt::format("at least {} classes with {} labelled pictures each are needed",
                          kLeastClasses, kLeastPictures));
}

}  // namespace

std::string exeml_data_setting(const Context& context, const ExemlDataOptions& options) {
  std::error_code error;
  const bool is_path =
      is_remote_address(options.data) || std::filesystem::exists(options.data, error);
  if (is_path && !options.dataset_version.empty()) {
    throw Error(ErrorKind::usage, "--dataset-version is of a dataset, and DATA is a path",
                "leave it out, or name a dataset");
  }
  DatasetVersionRecord version;
  if (is_path) {
    Registry registry = context.open_to_write();
    version = publish_path(registry, options);
  } else {
    version = find_version(context, options);
  }
  require_enough(version);
  return "inputs.data_url.dataset=" + version.reference();
}

}  // namespace mat
