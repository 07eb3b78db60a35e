#pragma once

#include <filesystem>

#include "core/base/file.h"
#include "core/base/home.h"

namespace mat {

// Where a version's folder is made before it is moved to its place: HOME/jobs/.new-XXXXXX/it, so
// that whoever holds the registry's lock has nothing else to do there. Removed with all that is
// still in it at the end; what killed processes have left is removed by the next creation.
class UnfinishedVersion {
 public:
  explicit UnfinishedVersion(const Home& home);  // throws io errors
  ~UnfinishedVersion();
  UnfinishedVersion(const UnfinishedVersion&) = delete;
  UnfinishedVersion& operator=(const UnfinishedVersion&) = delete;

  // Not there yet.
  std::filesystem::path folder() const { return around_ / "it"; }

 private:
  std::filesystem::path around_;
  FileDescriptor lock_;  // by which others see that it is in use
};

}  // namespace mat
