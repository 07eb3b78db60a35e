#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/context.h"

namespace mat {

struct DiffFlags {
  std::vector<std::string> references;  // JOB; JOB V V …; REF REF …
  bool all = false;
  std::int64_t limit = 20;  // latest versions of a whole job; 0: all
  bool json = false;
};

// `version diff`: gives the exit code.
int diff_versions(const Context& context, const DiffFlags& flags);

}  // namespace mat
