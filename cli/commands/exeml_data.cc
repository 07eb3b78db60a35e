#include "cli/commands/exeml_data.h"

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>

#include "cli/commands/commands.h"
#include "cli/commands/data_path.h"
#include "cli/commands/dataset_view.h"
#include "cli/commands/exeml_needs.h"
#include "cli/commands/watched.h"
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

namespace fs = std::filesystem;

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

ImportRequest import_of(const ExemlDataOptions& options) {
  ImportRequest import;
  import.source = options.data;
  import.environment = environment_with({});
  import.options = options.format.options();
  import.only_these = true;
  return import;
}

// Throws where the pictures of a path are not enough.
void judge_import(const ExemlDataOptions& options, const ImportReport& report,
                  const PictureCounts& counts) {
  require_enough(counts, {fmt::format("'{}'", printable(options.data)), &options, &report});
}

// All that publish_path() looks at before it reads the pictures.
void check_path(const Context& context, const ExemlDataOptions& options) {
  const Watched watched;
  Registry registry = context.open_to_read();
  if (registry.find_dataset(options.project)) require_replaceable(registry, options);
  const ImportPreview preview =
      preview_import(registry.home(), options.project, import_of(options), watched.hooks());
  note_import(preview.report);
  judge_import(options, preview.report, preview.pictures);
}

// The project's dataset with the pictures of a path, and nothing else.
DatasetVersionRecord publish_path(Registry& registry, const ExemlDataOptions& options) {
  const Watched watched;
  const ImportRequest import = import_of(options);
  const bool is_new = !registry.find_dataset(options.project);
  if (!is_new) require_replaceable(registry, options);
  const DatasetImport done =
      is_new ? create_dataset(registry, options.project, description_of(options.project), import,
                              watched.hooks())
             : import_into_dataset(registry, options.project, import, watched.hooks());
  note_import(done.report);
  const auto accept = [&](const PictureCounts& counts) {
    judge_import(options, done.report, counts);
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

// A path that is there, unless --dataset-version says that the dataset of this name is meant.
bool is_path_of_data(const Context& context, const ExemlDataOptions& options) {
  std::error_code error;
  if (!is_remote_address(options.data) && !fs::exists(options.data, error)) return false;
  if (options.dataset_version.empty()) return true;
  const bool is_dataset = is_dataset_reference(options.data) &&
                          options.data.find('@') == std::string::npos &&
                          context.open_to_read().find_dataset(options.data);
  if (is_dataset) return false;
  throw Error(ErrorKind::usage, "--dataset-version is of a dataset, and DATA is a path",
              "leave it out, or name a dataset");
}

}  // namespace

std::string exeml_data_setting(const Context& context, const ExemlDataOptions& options) {
  const bool is_path = is_path_of_data(context, options);
  if (!is_path && options.format != FormatFlags()) {
    throw Error(
        ErrorKind::usage,
        fmt::format("how files are read was said when the dataset {} was made", options.data),
        "leave out --format, --map-label and the like, or name a path");
  }
  DatasetVersionRecord version;
  if (is_path) {
    note_if_dataset_too(context, options.data);
    options.format.options();  // what is wrong with them is said before anything is fetched
    if (options.dry_run) {
      if (!is_remote_address(options.data)) check_path(context, options);
      return "inputs.data_url=" + options.data;
    }
    Registry registry = context.open_to_write();
    version = publish_path(registry, options);
  } else {
    if (!is_dataset_reference(options.data)) require_there(options.data, "folder or file");
    version = find_version(context, options);
  }
  require_enough(picture_counts_from_json(version.counts), {version.reference()});
  return "inputs.data_url.dataset=" + version.reference();
}

}  // namespace mat
