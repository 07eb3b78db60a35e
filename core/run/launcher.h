#pragma once

#include <memory>

#include "core/pool/pools.h"

namespace mat {

// How the versions of a pool come to run, and how they are ended when asking has not helped. Pools
// of this machine have the local launcher; a pool of another kind brings its own.
class Launcher {
 public:
  virtual ~Launcher() = default;

  // Sees to it that pending versions of the pool will be started, also when this process is gone.
  // Called before a version is submitted and again after: whoever is killed in between has at least
  // called for it once. Never throws.
  virtual void wake(const Home& home) noexcept = 0;

  // Ends a Running version at once, without saving. Conflict when it cannot be reached from here.
  virtual void kill(Registry& registry, const VersionRecord& version) = 0;
};

Launcher& launcher_of(const Pool& pool);

}  // namespace mat
