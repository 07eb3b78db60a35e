#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mat {

// Metrics that belong into one drawing.
struct MetricGroup {
  std::string title;
  std::vector<std::string> metrics;
};

// The same quantity on training and on validation data in one group ("loss", "train_loss",
// "val/loss"), validation first; what people look at first comes first: losses, accuracies, errors
// of regressions, then the others as they come, learning rates and speeds last.
std::vector<MetricGroup> metric_groups(const std::vector<std::string>& metrics);

// Whether a metric is told by its name to be of the training data.
bool is_of_training(std::string_view metric);

}  // namespace mat
