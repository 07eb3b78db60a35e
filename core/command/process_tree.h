#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace mat {

// A process id with the process's start: another process that gets the same id later is not it.
struct ProcessId {
  pid_t pid = 0;
  pid_t parent = 0;
  std::uint64_t start = 0;  // clock ticks since the machine's start
};

// All that descend from `root`, which is not among them, at this moment. Empty where /proc cannot
// be read. Without allocation failures it does not throw.
std::vector<ProcessId> descendants_of(pid_t root);
std::vector<ProcessId> children_of(pid_t parent);

// False when the process is gone or may not be sent signals.
bool send_signal(const ProcessId& process, int signal);

// Kills everything that descends from this process, except what descends from `spared` children,
// and reaps what becomes its child; `reaped` is told each process id with its wait status. The
// process must be a subreaper. Stops all before it kills, so that nothing can fork its way out.
// True when nothing is left, false when something cannot be killed within `limit_s`.
bool kill_descendants(const std::vector<ProcessId>& spared, double limit_s,
                      const std::function<void(pid_t, int)>& reaped);

}  // namespace mat
