#include "trainers/export/table_inputs.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace mat {

TableInputs::TableInputs(const TableEncoder& encoder) : limit(TableEncoder::kLargestInput) {
  constexpr double kNoCode = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::int64_t> sources;
  std::vector<double> offsets, scales, codes;
  std::vector<float> numbers, missings;
  const auto add = [&](std::size_t column, double code) {
    sources.push_back(static_cast<std::int64_t>(column));
    offsets.push_back(0);
    scales.push_back(1);
    codes.push_back(code);
    numbers.push_back(0);
    missings.push_back(0);
  };
  for (std::size_t c = 0; c < encoder.columns().size(); ++c) {
    const TableEncoder::Column& column = encoder.columns()[c];
    if (column.is_number) {
      add(c, kNoCode);
      offsets.back() = column.mean;
      scales.back() = column.deviation;
      numbers.back() = 1;
    } else {
      const std::size_t codes_of_column = column.categories.size() + (column.has_other ? 1 : 0);
      for (std::size_t i = 0; i < codes_of_column; ++i) add(c, static_cast<double>(i));
    }
    if (column.has_missing) {
      add(c, kNoCode);
      missings.back() = 1;
    }
  }
  source = torch::tensor(sources, torch::kLong);
  offset = torch::tensor(offsets, torch::kDouble);
  scale = torch::tensor(scales, torch::kDouble);
  code = torch::tensor(codes, torch::kDouble);
  is_number = torch::tensor(numbers, torch::kFloat);
  is_missing = torch::tensor(missings, torch::kFloat);
}

}  // namespace mat
