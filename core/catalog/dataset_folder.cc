#include "core/catalog/dataset_folder.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/lock_file.h"
#include "core/base/names.h"
#include "core/catalog/picture_counts.h"
#include "core/registry/reference.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Stands in a folder whose row is not there yet.
constexpr const char* kUnfinished = "unfinished";
// Stands there while the row may say something else of the list than that has.
constexpr const char* kUncounted = "uncounted";
// Of a file that stands for one of a version whose row is not there yet: V003.unfinished.
constexpr std::string_view kMark = ".unfinished";
constexpr std::string_view kWork = ".work";
constexpr std::string_view kPartial = ".part";
constexpr std::string_view kManifest = ".manifest";

bool ends_with(const fs::path& path, std::string_view end) {
  return path.filename().string().ends_with(end);
}

// 3 of "V003.manifest" and "V003.unfinished".
std::optional<std::int64_t> number_in(const fs::path& path) {
  return parse_version_number(path.stem().string());
}

bool is_own(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name == "files" || name == "pictures.manifest") return true;
  if (name == kUnfinished || name == kUncounted) return true;
  if (ends_with(path, kWork) || ends_with(path, kPartial)) return true;
  return (ends_with(path, kManifest) || ends_with(path, kMark)) && number_in(path).has_value();
}

fs::path mark_of(const fs::path& manifest) {
  return fs::path(manifest).replace_extension(fs::path(kMark));
}

}  // namespace

void tell(const CatalogHooks& hooks, std::string_view phase, std::int64_t done,
          std::int64_t total) {
  if (hooks.progress && !hooks.progress(phase, done, total)) {
    throw Error(ErrorKind::interrupted, "interrupted; nothing was changed");
  }
}

DatasetFolder::DatasetFolder(Registry& registry, const std::string& name, const CatalogHooks& hooks)
    : name_(name) {
  check_name("dataset", name);
  const Home& home = registry.home();
  path_ = home.dataset_folder(name);
  // Names do not begin with a dot.
  lock_path_ = home.datasets() / fmt::format(".{}.lock", name);
  make_folders(home.datasets());
  take_lock(hooks);
  tidy(registry);
}

void DatasetFolder::take_lock(const CatalogHooks& hooks) {
  LockHooks waiting;
  waiting.waiting = [&] {
    if (!hooks.note) return;
    hooks.note(fmt::format("waiting for another process that changes the dataset {}", name_));
  };
  waiting.stop_requested = hooks.stop_requested;
  lock_ = lock_file(lock_path_, waiting);
}

void DatasetFolder::tidy(Registry& registry) {
  for (const fs::path& entry : entries_of(path_)) {
    std::error_code ignored;
    if (ends_with(entry, kMark)) undo_version(registry, entry);
    if (ends_with(entry, kWork) || ends_with(entry, kPartial)) fs::remove(entry, ignored);
  }
  // Its row was committed, and the process killed before it could take this away.
  std::error_code ignored;
  if (!registry.find_dataset(name_)) return;
  fs::remove(path_ / kUnfinished, ignored);
  if (!fs::exists(path_ / kUncounted, ignored)) return;
  try {
    complete_change(registry);
  } catch (const Error&) {
    // A damaged list: whoever reads it says so, and a dataset with one can be deleted.
  }
}

// The row may be there: then only the mark is left over.
void DatasetFolder::undo_version(Registry& registry, const fs::path& mark) {
  const auto number = number_in(mark);
  if (!number) return;
  std::error_code ignored;
  bool has_row = false;
  if (registry.find_dataset(name_)) {
    for (const DatasetVersionRecord& version : registry.versions_of_dataset(name_)) {
      has_row = has_row || version.number == *number;
    }
  }
  if (!has_row) fs::remove(registry.home().dataset_manifest(name_, *number), ignored);
  fs::remove(mark, ignored);
}

fs::path DatasetFolder::work_file(const std::string& name) const {
  return path_ / (name + std::string(kWork));
}

void DatasetFolder::begin() {
  std::error_code error;
  if (fs::exists(fs::symlink_status(path_, error))) {
    const bool is_empty =
        fs::is_directory(fs::symlink_status(path_, error)) && fs::is_empty(path_, error);
    if (!is_empty && !fs::exists(fs::symlink_status(path_ / kUnfinished, error))) {
      throw Error(
          ErrorKind::conflict,
          fmt::format("there is '{}', and no dataset of that name in the registry", path_.string()),
          "it may be of a registry that was lost: move it away, or choose another name");
    }
    remove_unfinished();
  }
  make_folders(path_);
  write_file_atomic(path_ / kUnfinished, "");
  sync_folder(path_.parent_path());
}

void DatasetFolder::complete() {
  std::error_code ignored;
  fs::remove(path_ / kUnfinished, ignored);
}

void DatasetFolder::abandon() {
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(path_ / kUnfinished, ignored))) remove_unfinished();
}

// The mark goes last, so that what is left of it when this is killed is known again.
void DatasetFolder::remove_unfinished() const {
  std::error_code ignored;
  for (const fs::path& entry : entries_of(path_)) {
    if (entry.filename() != kUnfinished) fs::remove_all(entry, ignored);
  }
  fs::remove(path_ / kUnfinished, ignored);
  fs::remove(path_, ignored);
}

void DatasetFolder::begin_change() const { write_file_atomic(path_ / kUncounted, ""); }

void DatasetFolder::complete_change(Registry& registry) const {
  registry.set_dataset_pictures(name_, to_json(count_pictures(list())));
  std::error_code ignored;
  fs::remove(path_ / kUncounted, ignored);
}

void DatasetFolder::put_version(const fs::path& from, const fs::path& manifest) {
  write_file_atomic(mark_of(manifest), "");
  if (::chmod(from.c_str(), 0444) != 0 || ::rename(from.c_str(), manifest.c_str()) != 0) {
    throw_io_error(fmt::format("cannot write '{}'", manifest.string()), errno);
  }
  sync_folder(path_);
}

void DatasetFolder::complete_version(const fs::path& manifest) {
  std::error_code ignored;
  fs::remove(mark_of(manifest), ignored);
}

void DatasetFolder::require_only_own() const {
  for (const fs::path& entry : entries_of(path_)) {
    if (is_own(entry)) continue;
    throw Error(
        ErrorKind::conflict,
        fmt::format("'{}' is not of the dataset, and would be deleted with it", entry.string()),
        "move it away, then delete the dataset");
  }
}

DatasetManifestWriter::DatasetManifestWriter(const fs::path& file)
    : folder_(file.parent_path().string() + "/"), writer_(file) {}

void DatasetManifestWriter::write(ManifestSample sample) {
  if (sample.source.starts_with(folder_)) sample.source.erase(0, folder_.size());
  writer_.write(sample);
}

}  // namespace mat
