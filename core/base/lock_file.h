#pragma once

#include <filesystem>
#include <functional>

#include "core/base/file.h"

namespace mat {

struct LockHooks {
  std::function<void()> waiting;         // called once, when another process holds it; may be empty
  std::function<bool()> stop_requested;  // asked while waiting, may be empty
};

// Takes the lock of a file, which is made when absent, waiting for others that hold it. It is held
// as long as the descriptor lives, and given up when the process ends, however it ends. Throws io
// errors, and an interrupted error when a stop was requested.
FileDescriptor lock_file(const std::filesystem::path& path, const LockHooks& hooks);

}  // namespace mat
