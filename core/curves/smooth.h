#pragma once

#include <vector>

#include "core/metrics/event_file.h"

namespace mat {

// The curve as TensorBoard smooths it (tensorboard/components/vz_line_chart2/line-chart.ts,
// resmoothDataset): an exponential moving average s ← weight · s + (1 - weight) · value, beginning
// with 0, and divided by 1 - weight^n after n points, so that the first points do not lean to 0. A
// curve whose values are all the same stays as it is. Points that are no numbers are left out of
// the average and stay. `weight` is from 0, which changes nothing, to below 1.
std::vector<ScalarPoint> smoothed(std::vector<ScalarPoint> points, double weight);

}  // namespace mat
