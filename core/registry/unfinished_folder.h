#pragma once

#include <filesystem>

#include "core/base/file.h"
#include "core/base/home.h"

namespace mat {

// A folder of its own in HOME/unfinished/, in which something is made that is moved to its place
// when it is whole: whoever holds the registry's lock has then nothing else to do there. Removed
// with all that is still in it at the end; what killed processes have left is removed by the next
// that makes one.
class UnfinishedFolder {
 public:
  explicit UnfinishedFolder(const Home& home);  // throws io errors
  ~UnfinishedFolder();
  UnfinishedFolder(const UnfinishedFolder&) = delete;
  UnfinishedFolder& operator=(const UnfinishedFolder&) = delete;

  // Not there yet.
  std::filesystem::path path() const { return folder_ / "it"; }

 private:
  std::filesystem::path folder_;
  FileDescriptor lock_;  // by which others see that it is in use
};

}  // namespace mat
