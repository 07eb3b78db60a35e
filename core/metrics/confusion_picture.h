#pragma once

#include <string>
#include <vector>

#include "core/image/image.h"
#include "core/metrics/classification_report.h"

namespace mat {

// A confusion matrix to look at: a row for each label, a column for each prediction, the darker the
// larger its part of the row; in each cell how many, where there is room for it. Class names are
// cut where they are long. Nothing but a blank picture for no classes or more than kMostPictured.
Image confusion_picture(const Confusion& confusion, const std::vector<std::string>& class_names);

constexpr std::size_t kMostPictured = 200;

}  // namespace mat
