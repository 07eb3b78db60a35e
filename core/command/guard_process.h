#pragma once

#include "core/command/guard.h"

namespace mat {

// What the guard says to this process when all is over: one of these, written at once.
struct GuardReport {
  enum class Step : int { none, start, folder, run };
  int wait_status = 0;
  int start_error = 0;
  Step start_step = Step::none;
  long peak_memory_kb = 0;
  double cpu_seconds = 0;
  bool everything_ended = false;
};

// What this process says to the guard; the end of the pipe means that it has died.
constexpr char kSayTerminate = 'T';
constexpr char kSayKill = 'K';

struct GuardFiles {
  int control = -1;  // read
  int report = -1;   // write
  int output = -1, error_output = -1;
};

// The life of the guard, in a process that was forked for it. Never returns.
[[noreturn]] void live_as_guard(const GuardedCommand& command, const GuardFiles& files) noexcept;

}  // namespace mat
