#pragma once

#include <spawn.h>

#include <string>
#include <vector>

#include "core/base/file.h"

namespace mat {

// What starting a program takes.

struct Pipe {
  FileDescriptor read, write;
};

// Programs that are started do not inherit it. Throws io errors.
Pipe make_pipe();
// The same; reading gives EAGAIN instead of waiting.
Pipe make_non_blocking_pipe();

// For exec and its like: valid as long as `texts` is, and nobody writes through it.
std::vector<char*> as_pointers(const std::vector<std::string>& texts);

// Attributes for posix_spawn with which no signal is ignored or blocked: what this process ignores
// or blocks would stay so in the program. `flags` are further POSIX_SPAWN_… flags.
class SpawnAttributes {
 public:
  explicit SpawnAttributes(int flags);
  ~SpawnAttributes();
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace mat
