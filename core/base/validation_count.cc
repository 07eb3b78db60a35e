#include "core/base/validation_count.h"

#include <algorithm>
#include <cmath>

namespace mat {

std::size_t validation_count(std::size_t count, double ratio) {
  if (count < 2 || ratio <= 0) return 0;
  const auto wanted = static_cast<std::size_t>(std::lround(static_cast<double>(count) * ratio));
  return std::clamp<std::size_t>(wanted, 1, count - 1);
}

}  // namespace mat
