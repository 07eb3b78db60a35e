#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/file.h"

namespace mat {

// The lock by which others see that a version's runner is alive: flock on VERSION_FOLDER/lock,
// which the kernel releases when the process ends, however it ends. The file stays; it holds
// {"host", "boot_id", "pid", "start"} of its last runner, start being the process's start in clock
// ticks since the machine's, as /proc/PID/stat has it. Programs that the runner starts do not
// inherit the lock; processes that it forks do.
class VersionLock {
 public:
  // Takes the lock; conflict when another process holds it, io when the folder is gone.
  static VersionLock acquire(const std::filesystem::path& version_folder);

 private:
  explicit VersionLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

enum class Liveness {
  alive,      // somebody holds the lock
  dead,       // nobody does, and the runner was on this machine
  elsewhere,  // the lock file is another machine's: nothing can be said from here
  no_runner,  // no lock file, or nothing in it: the version was recorded but never started
};

// Needs no write access. Disturbs neither a runner nor others who ask. Throws io errors.
Liveness liveness_of(const std::filesystem::path& version_folder);

}  // namespace mat
