#pragma once

#include "core/metrics/event_summary.h"

namespace mat {

// Charts of what belongs together, the losses of training and validation above all: by the names
// that mat's own trainings give, or by those that programs of other people are likely to choose.
enum class ChartKind { classifier, table, command };
ChartsSummary standard_charts(ChartKind kind);

}  // namespace mat
