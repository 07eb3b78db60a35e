#pragma once

#include <filesystem>
#include <string>

#include "core/base/file.h"
#include "core/base/lock_file.h"
#include "core/registry/registry.h"

namespace mat {

// HOME/models/NAME while a version is added to it. Holds the model's lock, waiting for others that
// add to it, and takes away what killed processes have left. Files are made under a name that
// nobody sees and put in their place in the transaction that makes the row; a mark in the folder
// tells until then that it may have none.
class ModelFolder {
 public:
  // A usage error for a name that cannot be.
  ModelFolder(Registry& registry, const std::string& name, const LockHooks& hooks);
  ~ModelFolder();
  ModelFolder(const ModelFolder&) = delete;
  ModelFolder& operator=(const ModelFolder&) = delete;

  // An empty folder for the files of the new version. They must be on the disk before commit().
  std::filesystem::path begin();
  // Row and files, or neither. version.model is this model.
  ModelVersionRecord commit(const NewModelVersion& version);

 private:
  void tidy();
  bool has_row(const ModelNumber& number);

  Registry& registry_;
  std::string name_;
  std::filesystem::path path_, new_;
  FileDescriptor lock_;
};

}  // namespace mat
