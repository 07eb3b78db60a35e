#include "core/training/node_group.h"

#include <cstdlib>

#include "core/base/text.h"

namespace mat {

double nodes_patience_s() {
  constexpr double kDefault = 300;
  const char* text = std::getenv("MAT_NODES_PATIENCE");
  return text == nullptr ? kDefault : parse_number(text).value_or(kDefault);
}

}  // namespace mat
