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

// Keeps runners of a version from starting while it lives; several may at once. Nothing when a
// runner is alive or there is no lock file.
std::optional<FileDescriptor> hold_off_runners(const std::filesystem::path& version_folder);

// The process that holds the lock of a version on this machine; nothing when none does. Stays that
// process until it has ended: for signals (see pidfd_send_signal).
std::optional<FileDescriptor> runner_process(const std::filesystem::path& version_folder);

// Whether that process has been stopped, with Ctrl-Z or SIGSTOP, and so does nothing at present.
bool is_runner_stopped(const std::filesystem::path& version_folder);

enum class Liveness {
  alive,      // somebody holds the lock
  dead,       // nobody does, and the runner was on this machine
  elsewhere,  // the lock file is another machine's: nothing can be said from here
  no_runner,  // no lock file, or nothing in it: the version was recorded but never started
};

// Needs no write access. Disturbs neither a runner nor others who ask. Throws io errors.
Liveness liveness_of(const std::filesystem::path& version_folder);

}  // namespace mat
