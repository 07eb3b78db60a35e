#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/pattern.h"

namespace mat {

// Metrics in the lines that a program prints.
//
// A line is what a terminal would show of it: escape sequences are left out, and of what was drawn
// over by carriage returns the last counts. Lines of more than 4 KiB hold no metrics.
//
// Without a pattern, `NAME: NUMBER` and `NAME = NUMBER` count, with any blanks round the sign,
// where
//   - NAME is letters, digits, '_', '.', '/' and '-', beginning with a letter or '_'; a word train,
//     training, val, valid, validation, test, eval, avg, average, mean, best or running before it
//     belongs to it: "val loss: 0.3" is val_loss; it may stand in quotes, as in a printed dict;
//   - the pair begins the line, or follows one of , ; : | ( [ { ) ] } or " - ", or a number, or a
//     word debug, info, notice or warning that does so;
//   - NUMBER is as in 12, 0.43, .5, 1e-3, nan, -inf; a '%' may follow and does not change it;
//   - after it the line ends, or one of , ; | ( [ { ) ] } or " - " or the next pair follows. So
//     "time: 12:30", "eta: 3s" and "INFO: 3 workers started" hold none.
// The point's step is the integer of "step", "global_step", "iter", "iteration" or else "epoch"
// anywhere on the line ("epoch 3", "Epoch: 3/10", "step=100"); these are no metrics themselves, nor
// is Lightning's v_num.
// "epoch 3 loss: 0.4 accuracy: 0.91" and "25/25 [===] - 1s 20ms/step - loss: 0.4 - val_loss: 0.5"
// hold two each.
//
// With patterns, every match of one of them counts: its groups (?P<name>…), (?P<value>…) and, if it
// has one, (?P<step>…); or, without these names, its first group is the name and its second the
// value. A match whose value is no number does not count.
struct LinePoint {
  std::string name;
  std::optional<std::int64_t> step;
  double value = 0;
};

// "0.43", "1e-3", "+.5", "nan", "-Infinity" (in any case) as a number; nothing for anything else.
std::optional<double> parse_metric_value(std::string_view text);

// A regular expression with the groups above.
class MetricPattern {
 public:
  // Throws a usage error when it is no regular expression or lacks the groups.
  explicit MetricPattern(const std::string& expression);

  // What is wrong with an expression; empty when it is a good one.
  static std::string problem_of(const std::string& expression);

  void find_in(std::string_view line, std::vector<LinePoint>& points) const;

 private:
  Pattern pattern_;
  int name_group_ = 0, value_group_ = 0, step_group_ = 0;
};

class LineMetrics {
 public:
  // Throws as MetricPattern does.
  explicit LineMetrics(const std::vector<std::string>& patterns);

  using Found = std::function<void(const LinePoint&)>;
  // The next bytes of the output; what begins a line is kept, at most 4 KiB of it.
  void read(std::string_view bytes, const Found& found);
  // The output's end, which ends the last line.
  void finish(const Found& found);

  // Of a whole line without its line break.
  std::vector<LinePoint> points_of(std::string_view line) const;

 private:
  bool may_hold_points(std::string_view line) const;
  void keep(std::string_view bytes);
  void end_line(const Found& found);

  std::vector<MetricPattern> patterns_;
  std::string line_;  // the unfinished one, from its last carriage return on
  bool is_too_long_ = false;
};

}  // namespace mat
