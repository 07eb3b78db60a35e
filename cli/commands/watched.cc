#include "cli/commands/watched.h"

#include <fmt/core.h>

namespace mat {

Watched::Watched() : bar_("pictures") {
  hooks_.progress = [this](std::string_view phase, std::int64_t done, std::int64_t total) {
    bar_.show(phase, done, total);
    return SignalsAsStop::reason().empty();
  };
  hooks_.note = [this](std::string_view line) { bar_.log(fmt::format("mat: {}", line)); };
  hooks_.stop_requested = [] { return !SignalsAsStop::reason().empty(); };
}

}  // namespace mat
