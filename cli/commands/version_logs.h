#pragma once

#include <cstdint>
#include <string>

#include "cli/context.h"

namespace mat {

struct LogOptions {
  std::string reference;
  std::int64_t tail = 0;  // only so many last lines, with `grep` of those that match; 0: all
  std::string grep;       // only lines that match this regular expression
  bool json = false;      // one document; not with follow
  int node = 0;           // of a training of several nodes
  bool follow = false;    // go on until the version is no longer active
};

// `version logs`: log.1.txt, if the log has turned over, and log.txt. Gives the exit code.
int print_log(const Context& context, const LogOptions& options);

}  // namespace mat
