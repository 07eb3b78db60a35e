#pragma once

#include <string>
#include <string_view>

#include "core/training/trainer.h"

namespace mat {

// Shows a training on stderr: what is logged, line by line, and where stderr_has_bar() below it one
// line that is drawn again, at most ten times a second. finish() removes that line, and ends one
// that a program's output has begun.
class ProgressBar {
 public:
  explicit ProgressBar(std::string unit) : unit_(std::move(unit)) {}  // "images", "rows"

  void show(const Progress& progress);
  void show(std::string_view phase, std::int64_t done, std::int64_t total);
  // A line above the bar.
  void log(std::string_view line);
  // What a program has printed, as it is.
  void output(std::string_view bytes);
  void finish();

 private:
  void clear();
  void erase();
  void erase_wrapped();
  void end_line();
  void draw(const std::string& line, bool at_once);

  std::string unit_;
  double last_drawn_s_ = -1;
  bool is_drawn_ = false;
  int drawn_width_ = 0;      // of the line
  int terminal_width_ = 0;   // when it was drawn
  bool is_in_line_ = false;  // of a program's output
};

}  // namespace mat
