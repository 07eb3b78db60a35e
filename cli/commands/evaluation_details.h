#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/output/table.h"
#include "core/base/json.h"

namespace mat {

// "0.8532  (0.79 to 0.91)": a figure of an evaluation with its interval, where it has one; "" for
// none. `figures` is the document, or its "weighted".
std::string figure_text(const Json& figures, const char* name);

// "0.0921 before, 0.0410 after scaling by temperature 1.3200", "0.0921" without a temperature, and
// below it in plain words what these are; nothing where there is no calibration.
void add_calibration(std::vector<std::pair<std::string, Cell>>& fields, const Json& evaluation);

// What the report on classes leaves out: thresholds, slices and the worst answers, `top` of them.
void print_evaluation_details(const Json& evaluation, std::size_t top);

}  // namespace mat
