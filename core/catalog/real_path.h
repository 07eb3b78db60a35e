#pragma once

#include <string>

namespace mat {

// Tells where files lie when the links among their folders are followed, so that two names of one
// place are known to be the same. A file that is a link itself keeps its name.
class RealPaths {
 public:
  // `file` itself where its folder is not there, or `file` is an address in an object store.
  std::string of(const std::string& file);

 private:
  std::string folder_, real_;  // of the last file: most lie where the one before does
};

}  // namespace mat
