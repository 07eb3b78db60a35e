#pragma once

#include <string>
#include <vector>

namespace mat {

// Where an axis has marks, and what stands at them.
struct Ticks {
  std::vector<double> at;
  std::vector<std::string> labels;
};

// At most `most` round numbers from `low` to `high`, at least two where the range has them: steps
// of 1, 2 or 5 times a power of ten. Labels have the decimals that tell them apart; large numbers
// have SI prefixes ("20k", "1.5M"), tiny ones powers of ten ("2e-5"). `low` below `high`, both
// finite.
Ticks number_ticks(double low, double high, int most);

// The same for seconds: "30s", "5m", "1h30m", "2d".
Ticks duration_ticks(double low, double high, int most);

// A range that shows all from `low` to `high` with some room above and below; one round a single
// value where they are the same.
struct AxisRange {
  double low = 0, high = 1;
};
AxisRange padded_range(double low, double high);

}  // namespace mat
