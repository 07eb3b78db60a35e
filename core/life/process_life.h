#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/registry/registry.h"

namespace mat {

// What services and visualizations share: each has a process of its own, whose life is a lock in
// its folder (see version_lock.h).

struct RecordedProcess {
  Id id = 0;
  Status status = Status::pending;
  std::optional<std::int64_t> started_ms;
  bool has_facts = false;  // since it was started last
  std::filesystem::path folder;
};

// Finds active ones whose process has died, and has `change` record it: Abnormal, or Terminated
// when the user had it killed. Leaves another machine's alone; without write access nothing is
// changed.
void notice_dead_processes(const Home& home, const std::vector<RecordedProcess>& active,
                           const std::function<void(Registry&, const RecordedProcess&,
                                                    const Registry::ProcessChange&)>& change);

// True when no process holds the lock any more, also when the folder is gone.
bool wait_for_process(const std::filesystem::path& folder, double until_s);

// Kills the process, leaving word that it was the user who did. A conflict that says where `name`
// runs when that is another machine.
void kill_process(const std::filesystem::path& folder, const std::string& name);

// The kind of an error that a process of mat ended with, by its exit code.
ErrorKind kind_of_exit(int code);

}  // namespace mat
