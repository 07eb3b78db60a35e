#include "core/metrics/line_metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

using std::string_view;

constexpr std::size_t kMaxLineBytes = 4096;
constexpr std::array<string_view, 12> kQualifiers{"train",      "training", "val",  "valid",
                                                  "validation", "test",     "eval", "avg",
                                                  "average",    "mean",     "best", "running"};
// The first that is on a line gives the step.
constexpr std::array<string_view, 5> kStepWords{"step", "global_step", "iter", "iteration",
                                                "epoch"};
// Lightning's number of its log folder stands among its metrics.
constexpr std::array<string_view, 1> kNoMetrics{"v_num"};
constexpr std::array<string_view, 4> kLevels{"debug", "info", "notice", "warning"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_name_start(char c) { return is_letter(c) || c == '_'; }
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c) || c == '.' || c == '/' || c == '-';
}
bool is_one_of(char c, string_view set) { return set.find(c) != string_view::npos; }

// `word` in any case; `lower_word` is in small letters.
bool is_word(string_view word, string_view lower_word) {
  return word.size() == lower_word.size() &&
         std::equal(word.begin(), word.end(), lower_word.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

template <std::size_t N>
bool is_one_of(string_view word, const std::array<string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [word](string_view each) { return is_word(word, each); });
}

// Whether a sign stands before what may begin a number. Tells most output apart quickly.
bool has_pair(string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ':' && text[i] != '=') continue;
    // What a number begins with, "nan" and "inf" too; or an escape sequence before it.
    while (++i < text.size() && is_blank(text[i])) {
    }
    if (i < text.size() && (is_digit(text[i]) || is_one_of(text[i], ".+-nNiI\x1b"))) return true;
    --i;
  }
  return false;
}

// "SHLVL=2": variables of an environment that is printed, which are no metrics. A whole number
// alone tells them from AUC=0.93.
bool is_variable(string_view line) {
  const std::size_t sign = line.find('=');
  const string_view name = line.substr(0, sign);
  const string_view value = sign == string_view::npos ? string_view() : line.substr(sign + 1);
  return !name.empty() && !value.empty() && std::all_of(value.begin(), value.end(), is_digit) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; });
}

// Colours and cursor movements: ESC [ … letter, and ESC with one character.
std::string without_escapes(string_view line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      text += line[i];
    } else if (i + 1 < line.size() && line[i + 1] == '[') {
      for (i += 2; i < line.size() && !is_letter(line[i]); ++i) {
      }
    } else {
      ++i;
    }
  }
  return text;
}

// Reads a line from left to right.
class LineReader {
 public:
  explicit LineReader(string_view line) : line_(line) {}

  std::vector<LinePoint> points() {
    while (at_ < line_.size()) {
      if (!take_pair()) take_other();
    }
    if (points_.empty()) return {};
    const auto step = this->step();
    for (LinePoint& point : points_) point.step = step;
    return std::move(points_);
  }

  std::optional<std::int64_t> step() const {
    for (const string_view word : kStepWords) {
      for (std::size_t at = 0; (at = find_word(word, at)) != string_view::npos;) {
        at += word.size();
        if (const auto number = step_after(at)) return number;
      }
    }
    return std::nullopt;
  }

 private:
  std::size_t skip_blanks(std::size_t at) const {
    while (at < line_.size() && is_blank(line_[at])) ++at;
    return at;
  }
  std::size_t end_of_name(std::size_t at) const {
    if (at >= line_.size() || !is_name_start(line_[at])) return at;
    while (at < line_.size() && is_name_part(line_[at])) ++at;
    return at;
  }

  struct Name {
    std::string text;
    std::size_t value_at = 0;  // where the value begins
    bool is_metric = true;
  };

  // A name with its sign, from `at` on.
  std::optional<Name> name_at(std::size_t at) const {
    const bool is_quoted = at < line_.size() && is_one_of(line_[at], "'\"");
    const std::size_t begin = is_quoted ? at + 1 : at;
    std::size_t end = end_of_name(begin);
    if (end == begin) return std::nullopt;
    const string_view word = line_.substr(begin, end - begin);
    if (is_quoted && (end == line_.size() || line_[end++] != line_[at])) return std::nullopt;
    const std::size_t after = skip_blanks(end);
    if (after < line_.size() && is_one_of(line_[after], ":=")) {
      const bool is_metric = !is_one_of(word, kStepWords) && !is_one_of(word, kNoMetrics);
      return Name{std::string(word), skip_blanks(after + 1), is_metric};
    }
    if (after == end || !is_one_of(word, kQualifiers)) return std::nullopt;
    auto rest = name_at(after);
    if (rest) rest->text = std::string(word) + "_" + rest->text;
    return rest;
  }

  std::size_t end_of_number(std::size_t at) const {
    while (at < line_.size() &&
           (is_letter(line_[at]) || is_digit(line_[at]) || is_one_of(line_[at], ".+-"))) {
      // A sign stands in front of a number or of its exponent.
      const bool is_sign = is_one_of(line_[at], "+-");
      if (is_sign && at > 0 && (is_digit(line_[at - 1]) || line_[at - 1] == '.')) break;
      ++at;
    }
    return at;
  }

  bool may_end_at(std::size_t at) const {
    const std::size_t next = skip_blanks(at);
    if (next == line_.size() || is_one_of(line_[next], ",;|()[]{}")) return true;
    if (next == at) return false;
    const bool is_dash = line_[next] == '-' && next + 1 < line_.size() && is_blank(line_[next + 1]);
    return is_dash || name_at(next).has_value();
  }

  bool take_pair() {
    if (!may_begin_) return false;
    const auto name = name_at(at_);
    if (!name) return false;
    std::size_t end = end_of_number(name->value_at);
    const auto value = parse_metric_value(line_.substr(name->value_at, end - name->value_at));
    if (end < line_.size() && line_[end] == '%') ++end;
    if (!value || !may_end_at(end)) return false;
    if (name->is_metric) points_.push_back({name->text, {}, *value});
    at_ = end;
    return true;
  }

  // Whatever is no pair: a word, a number, one other character.
  void take_other() {
    const char c = line_[at_];
    if (is_blank(c)) {
      ++at_;
    } else if (is_name_start(c)) {
      const std::size_t end = end_of_name(at_);
      may_begin_ = may_begin_ && is_one_of(line_.substr(at_, end - at_), kLevels);
      at_ = end;
    } else if (is_digit(c)) {
      while (at_ < line_.size() && (is_digit(line_[at_]) || line_[at_] == '.')) ++at_;
      may_begin_ = at_ == line_.size() || !is_name_part(line_[at_]);
    } else {
      const bool is_dash = c == '-' && at_ > 0 && is_blank(line_[at_ - 1]);
      may_begin_ = is_dash || is_one_of(c, ",;:|()[]{}");
      ++at_;
    }
  }

  std::size_t find_word(string_view word, std::size_t from) const {
    for (std::size_t at = from; at + word.size() <= line_.size(); ++at) {
      const bool begins = at == 0 || !is_name_part(line_[at - 1]);
      if (begins && is_word(line_.substr(at, word.size()), word)) return at;
    }
    return string_view::npos;
  }

  // "step 3", "step: 3", "'step': 3", "step=3", "step #3", "step [3/10]".
  std::optional<std::int64_t> step_after(std::size_t at) const {
    const std::size_t begin = at;
    while (at < line_.size() && (is_blank(line_[at]) || is_one_of(line_[at], ":=#['\""))) ++at;
    std::size_t end = at;
    while (end < line_.size() && is_digit(line_[end])) ++end;
    const bool is_whole =
        end == line_.size() ||
        (!is_letter(line_[end]) && line_[end] != '_' &&
         !(line_[end] == '.' && end + 1 < line_.size() && is_digit(line_[end + 1])));
    if (at == begin || end == at || !is_whole) return std::nullopt;
    const auto number = parse_integer(line_.substr(at, end - at));
    return number ? std::optional<std::int64_t>(*number) : std::nullopt;
  }

  string_view line_;
  std::size_t at_ = 0;
  bool may_begin_ = true;
  std::vector<LinePoint> points_;
};

}  // namespace

std::optional<double> parse_metric_value(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  double value = 0;
  if (is_letter_or_digit(text.front()) && (text.front() < '0' || text.front() > '9')) {
    const std::string word = lower(text);
    if (word == "nan") {
      value = std::numeric_limits<double>::quiet_NaN();
    } else if (word == "inf" || word == "infinity") {
      value = std::numeric_limits<double>::infinity();
    } else {
      return std::nullopt;
    }
  } else {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || text.front() == '-') return std::nullopt;
  }
  return is_negative ? -value : value;
}

MetricPattern::MetricPattern(const std::string& expression) : pattern_(expression) {
  name_group_ = pattern_.group("name");
  value_group_ = pattern_.group("value");
  step_group_ = pattern_.group("step");
  const bool has_no_names = name_group_ == 0 && value_group_ == 0 && step_group_ == 0;
  if (has_no_names && pattern_.group_count() >= 2) {
    name_group_ = 1;
    value_group_ = 2;
  }
  if (name_group_ == 0 || value_group_ == 0) {
    throw Error(ErrorKind::usage,
                "the pattern for metrics '" + expression + "' does not say what is name and value",
                "give it groups, as in (?<name>\\w+) is (?<value>[0-9.]+), or just two groups");
  }
}

std::string MetricPattern::problem_of(const std::string& expression) {
  try {
    const MetricPattern pattern(expression);
    return {};
  } catch (const Error& e) {
    return e.message();
  }
}

void MetricPattern::find_in(string_view line, std::vector<LinePoint>& points) const {
  std::size_t from = 0;
  while (const auto match = pattern_.find(line, from)) {
    const auto group = [&](int number) { return match->at(static_cast<std::size_t>(number)); };
    const string_view whole = group(0);
    from = static_cast<std::size_t>(whole.data() - line.data()) + whole.size();
    if (const auto value = parse_metric_value(trim(group(value_group_)))) {
      LinePoint point{std::string(trim(group(name_group_))), {}, *value};
      if (step_group_ != 0) {
        if (const auto step = parse_integer(trim(group(step_group_)))) point.step = *step;
      } else {
        point.step = LineReader(line).step();
      }
      points.push_back(std::move(point));
    }
    if (whole.empty()) ++from;
    if (from > line.size()) break;
  }
}

LineMetrics::LineMetrics(const std::vector<std::string>& patterns)
    : patterns_(patterns.begin(), patterns.end()) {}

std::vector<LinePoint> LineMetrics::points_of(string_view line) const {
  while (line.ends_with('\r')) line.remove_suffix(1);
  line = line.substr(line.rfind('\r') + 1);
  if (line.size() > kMaxLineBytes) return {};
  std::string cleaned;
  string_view text = line;
  if (line.find('\x1b') != string_view::npos) text = cleaned = without_escapes(line);
  if (patterns_.empty())
    return is_variable(text) ? std::vector<LinePoint>() : LineReader(text).points();
  std::vector<LinePoint> points;
  for (const MetricPattern& pattern : patterns_) pattern.find_in(text, points);
  return points;
}

bool LineMetrics::may_hold_points(string_view line) const {
  return !patterns_.empty() || has_pair(line);
}

void LineMetrics::read(string_view bytes, const Found& found) {
  // Most output holds no metrics: the lines of such a piece need not be looked at one by one.
  const std::size_t last_break = bytes.rfind('\n');
  if (last_break != string_view::npos && !may_hold_points(bytes)) {
    const std::size_t first_break = bytes.find('\n');
    keep(bytes.substr(0, first_break));
    end_line(found);
    bytes.remove_prefix(last_break + 1);
  }
  for (;;) {
    const std::size_t end = bytes.find('\n');
    if (end == string_view::npos) return keep(bytes);
    if (line_.empty() && !is_too_long_) {
      const string_view line = bytes.substr(0, end);
      if (may_hold_points(line)) {
        for (const LinePoint& point : points_of(line)) found(point);
      }
    } else {
      keep(bytes.substr(0, end));
      end_line(found);
    }
    bytes.remove_prefix(end + 1);
  }
}

void LineMetrics::keep(string_view bytes) {
  // A return may be half of a line break: only what follows one begins the line anew.
  while (!bytes.empty()) {
    const std::size_t next = bytes.find('\r');
    const string_view part = bytes.substr(0, next);
    if (!part.empty()) {
      if (line_.ends_with('\r')) line_.clear(), is_too_long_ = false;
      if (line_.size() + part.size() > kMaxLineBytes) is_too_long_ = true;
      if (is_too_long_) line_.clear();
      if (!is_too_long_) line_ += part;
    }
    if (next == string_view::npos) return;
    if (!line_.ends_with('\r')) line_ += '\r';
    bytes.remove_prefix(next + 1);
  }
}

void LineMetrics::end_line(const Found& found) {
  if (!is_too_long_ && may_hold_points(line_)) {
    for (const LinePoint& point : points_of(line_)) found(point);
  }
  line_.clear();
  is_too_long_ = false;
}

void LineMetrics::finish(const Found& found) {
  if (!line_.empty()) end_line(found);
}

}  // namespace mat
