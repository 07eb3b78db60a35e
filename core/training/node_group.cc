#include "core/training/node_group.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/text.h"

namespace mat {

double nodes_patience_s() {
  constexpr double kDefault = 300, kLeast = 1, kMost = 1e6;
  const char* text = std::getenv("MAT_NODES_PATIENCE");
  const double patience_s = text == nullptr ? kDefault : parse_number(text).value_or(kDefault);
  return std::clamp(patience_s, kLeast, kMost);
}

}  // namespace mat
