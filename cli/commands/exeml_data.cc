#include "cli/commands/exeml_data.h"

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>

#include "cli/commands/commands.h"
#include "cli/commands/data_path.h"
#include "cli/commands/dataset_view.h"
#include "cli/commands/watched.h"
#include "cli/output/terminal.h"
#include "core/base/address.h"
#include "core/base/cores.h"
#include "core/base/error.h"
#include "core/base/named_path.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/catalog/datasets.h"
#include "core/catalog/publish.h"
#include "core/run/run_environment.h"

namespace mat {
namespace {

constexpr std::size_t kLeastClasses = 2;
constexpr std::int64_t kLeastPictures = 5;

// Throws a usage error that lists all that is missing.
void require_enough(const PictureCounts& counts, const std::string& what) {
  if (counts.pictures > 0 && counts.unlabelled == counts.pictures) {
    throw Error(
        ErrorKind::usage,
        fmt::format("none of the {} of {} has a label", counted(counts.pictures, "picture"), what),
        "put those of each class into a folder of its own: DATA/CLASS/picture.jpg; or say "
        "what they show in a CSV table or a manifest");
  }
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
              fmt::format("{} is too little to learn from; missing: {}", what, join(missing, ", ")),
              fmt::format("at least {} classes with {} labelled pictures each are needed",
                          kLeastClasses, kLeastPictures));
}

std::string description_of(const std::string& project) {
  return "pictures of the ExeML project " + project;
}

// Whether the pictures of the dataset may be replaced by others: it was made for the project, or
// the project trains on it.
bool is_of_project(Registry& registry, const DatasetRecord& dataset) {
  if (dataset.description == description_of(dataset.name)) return true;
  const auto job = registry.find_job(dataset.name);
  if (!job || job->latest_number == 0) return false;
  const Json facts = registry.version(dataset.name).facts;
  const Json::json_pointer used("/datasets/data_url/version");
  return facts.contains(used) && facts[used].is_string() &&
         facts[used].get<std::string>().starts_with(dataset.name + "@");
}

void require_replaceable(Registry& registry, const ExemlDataOptions& options) {
  const std::string& name = options.project;
  if (!is_of_project(registry, registry.dataset(name))) {
    throw Error(ErrorKind::conflict,
                fmt::format("the dataset {0} is not of the project {0}: its pictures would be "
                            "replaced by those of '{1}'",
                            name, options.data),
                fmt::format("train on it: mat exeml train {} --project P; or choose another name "
                            "for the project",
                            name));
  }
  const std::int64_t unpublished = unpublished_pictures(registry, name, options.data);
  if (unpublished == 0) return;
  throw Error(ErrorKind::conflict,
              fmt::format("{} of the dataset {} would be lost: as it is now, it was not published",
                          counted(unpublished, "picture"), name),
              fmt::format("keep it: mat dataset publish {0}; or train on all together: mat dataset "
                          "import {0} PATH, mat dataset publish {0}, mat exeml train {0} --project "
                          "{0}",
                          name));
}

// The project's dataset with the pictures of a path, and nothing else.
DatasetVersionRecord publish_path(Registry& registry, const ExemlDataOptions& options) {
  const Watched watched;
  ImportRequest import;
  import.source = options.data;
  import.environment = environment_with({});
  import.options = options.format.options();
  import.only_these = true;
  const bool is_new = !registry.find_dataset(options.project);
  if (!is_new) require_replaceable(registry, options);
  const DatasetImport done =
      is_new ? create_dataset(registry, options.project, description_of(options.project), import,
                              watched.hooks())
             : import_into_dataset(registry, options.project, import, watched.hooks());
  note_import(done.report);
  const auto accept = [&options](const PictureCounts& counts) {
    require_enough(counts, fmt::format("'{}'", options.data));
  };
  try {
    accept(picture_counts_from_json(done.dataset.pictures));
    PublishRequest request;
    request.keep_split = true;
    request.accept = accept;
    request.train_ratio = options.train_ratio;
    request.threads = usable_cores();
    request.accept_same = true;
    const PublishReport report =
        publish_dataset(registry, options.project, request, watched.hooks());
    note_publish(report);
    return report.version;
  } catch (...) {
    // So that the next command finds what this one has found.
    if (is_new) {
      delete_dataset(registry, options.project, watched.hooks());
    } else {
      undo_import(registry, done);
    }
    throw;
  }
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

}  // namespace

std::string exeml_data_setting(const Context& context, const ExemlDataOptions& options) {
  std::error_code error;
  const bool is_path =
      is_remote_address(options.data) || std::filesystem::exists(options.data, error);
  if (is_path && !options.dataset_version.empty()) {
    throw Error(ErrorKind::usage, "--dataset-version is of a dataset, and DATA is a path",
                "leave it out, or name a dataset");
  }
  if (!is_path && options.format != FormatFlags()) {
    throw Error(
        ErrorKind::usage,
        fmt::format("how files are read was said when the dataset {} was made", options.data),
        "leave out --format, --map-label and the like, or name a path");
  }
  options.format.options();  // what is wrong with them is said of a dry run, too
  if (is_path && options.dry_run) return "inputs.data_url=" + options.data;
  DatasetVersionRecord version;
  if (is_path) {
    note_if_dataset_too(context, options.data);
    Registry registry = context.open_to_write();
    version = publish_path(registry, options);
  } else {
    if (!is_dataset_reference(options.data)) require_there(options.data, "folder or file");
    version = find_version(context, options);
  }
  require_enough(picture_counts_from_json(version.counts), version.reference());
  return "inputs.data_url.dataset=" + version.reference();
}

}  // namespace mat
