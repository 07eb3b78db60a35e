#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mat {

// How often each class was taken for each: a row for each label, a column for each prediction.
struct ConfusionMatrix {
  std::vector<std::string> labels;
  std::vector<std::vector<std::int64_t>> rows;
};

// How confusions look: `width` columns of a terminal, 0 for no limit.
struct ConfusionLook {
  int width = 0;
  bool has_colour = false, has_unicode = false;
};

// Cells with numbers, darker the larger their part of the row; the diagonal is green, the rest red,
// or without colours a mark stands before the number. Names that do not fit are cut, or numbered
// where they would be the same. Of more than twelve classes only the largest confusions, as a list.
std::string confusion_text(const ConfusionMatrix& matrix, const ConfusionLook& look);

// "██████▌   ": a part from 0 to 1 as a bar, `width` columns wide.
std::string bar_text(double part, int width, bool has_unicode);

}  // namespace mat
