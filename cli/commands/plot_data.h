#pragma once

#include <vector>

#include "cli/commands/plotted_version.h"

namespace mat {

// {"x", "smooth", "curves": [{"reference", "metric", "seed", …as to_json(ThinCurve)…, "x": […],
// "smoothed": {"x", "value"}}]}: what would be drawn. "seed" is there for a version of several
// seeds, "smoothed" where smoothing was asked for.
Json plot_json(const std::vector<MetricGroup>& groups, const std::vector<PlottedVersion>& versions,
               const PanelOptions& options);

// Every point: reference, metric, seed where a version has several, step, epoch where epochs were
// asked for, time in seconds since 1970, value, and the smoothed value where smoothing was asked
// for.
void print_plot_csv(const std::vector<MetricGroup>& groups,
                    const std::vector<PlottedVersion>& versions, const PanelOptions& options);

}  // namespace mat
