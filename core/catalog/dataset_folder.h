#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/file.h"
#include "core/dataset/manifest.h"
#include "core/registry/registry.h"

namespace mat {

// What a person is told while a dataset is worked on. Any may be empty.
struct CatalogHooks {
  // Called often; 0 is an unknown total. False ends the work with an interrupted error.
  std::function<bool(std::string_view phase, std::int64_t done, std::int64_t total)> progress;
  std::function<void(std::string_view line)> note;
  std::function<bool()> stop_requested;  // asked where there is no progress to tell
};

// Calls hooks.progress; throws an interrupted error when it says so.
void tell(const CatalogHooks& hooks, std::string_view phase, std::int64_t done, std::int64_t total);

// HOME/datasets/NAME (see home.h) while this process alone may change it: the lock lies beside the
// folder, and the kernel gives it up when the process ends, however it ends. Readers need none,
// since manifests are put in place whole.
class DatasetFolder {
 public:
  // Waits for another process that changes the dataset, having said so through hooks.note. Then
  // removes what killed processes have left in the folder. Throws a usage error for what is no name
  // of a dataset, and io errors.
  DatasetFolder(Registry& registry, const std::string& name, const CatalogHooks& hooks);

  const std::filesystem::path& path() const { return path_; }
  // The list that is worked on.
  std::filesystem::path list() const { return path_ / "pictures.manifest"; }
  // Copies of pictures that were fetched.
  std::filesystem::path files() const { return path_ / "files"; }
  // A place for a file that is in the making; the next owner of the lock removes it.
  std::filesystem::path work_file(const std::string& name) const;

  // Makes the folder of a new dataset. Conflict when there is one that is not an unfinished one.
  void begin();
  // The row is there now.
  void complete();
  // Gives a new dataset up.
  void abandon();

  // To be called before the list of a dataset in the registry is replaced, and after that: what the
  // row says of the list is counted anew, by the next owner of the lock when this one is killed.
  void begin_change() const;
  void complete_change(Registry& registry) const;

  // Puts a file in place as the manifest of a version whose row is not there yet, or takes back
  // what was put; to be called with the number's manifest of Home.
  void put_version(const std::filesystem::path& from, const std::filesystem::path& manifest);
  void complete_version(const std::filesystem::path& manifest);

  // Throws a conflict error when there is something in the folder that mat has not put there.
  void require_only_own() const;

 private:
  void take_lock(const CatalogHooks& hooks);
  void tidy(Registry& registry);
  void remove_unfinished() const;
  void undo_version(Registry& registry, const std::filesystem::path& mark);

  std::string name_;
  std::filesystem::path path_, lock_path_;
  FileDescriptor lock_;
};

// A manifest in a dataset's folder: sources below that folder are written relative to it, so that
// a home can be moved.
class DatasetManifestWriter {
 public:
  explicit DatasetManifestWriter(const std::filesystem::path& file);

  void write(ManifestSample sample);
  void finish() { writer_.finish(); }

 private:
  std::string folder_;
  ManifestWriter writer_;
};

}  // namespace mat
