#include "cli/output/progress_bar.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cli/output/terminal.h"
#include "core/base/text.h"
#include "core/base/time.h"

namespace mat {
namespace {

constexpr double kSecondsBetweenDrawings = 0.1;
constexpr int kBarWidth = 24;
constexpr int kNarrowestBar = 8;

std::string bar(double part, int width = kBarWidth) {
  const int halves = static_cast<int>(std::clamp(part, 0.0, 1.0) * width * 2);
  std::string text;
  for (int i = 0; i < width; ++i) {
    text += halves >= 2 * i + 2 ? "━" : halves == 2 * i + 1 ? "╸" : "─";
  }
  return text;
}

std::string epoch_text(const Progress& p, const std::string& unit) {
  std::string text = fmt::format("{:.0f} {}/s  loss {:.4f}", p.samples_per_second, unit, p.loss);
  if (!std::isnan(p.metric)) text += fmt::format("  {} {:.4f}", p.metric_name, p.metric);
  return text;
}

}  // namespace

void ProgressBar::show(const Progress& p) {
  const double part = p.steps > 0 ? static_cast<double>(p.step) / static_cast<double>(p.steps) : 0;
  // The time left comes before what a narrow terminal cuts off, and the bar gives way first.
  const std::string before =
      p.stage.empty() ? fmt::format("epoch {}/{} ", p.epoch, p.epochs) : p.stage + " ";
  std::string after = fmt::format(" {:3.0f}%", 100 * part);
  if (!std::isnan(p.seconds_left)) after += "  " + format_duration(p.seconds_left) + " left";
  after += "  " + epoch_text(p, unit_);
  const int room = stderr_width() - 1 - display_width(before) - display_width(after);
  draw(before + bar(part, std::clamp(room, kNarrowestBar, kBarWidth)) + after, p.step == p.steps);
}

void ProgressBar::show(std::string_view phase, std::int64_t done, std::int64_t total) {
  const double part = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
  const std::string count = total > 0 ? fmt::format(" {} {} of {}", bar(part), done, total) : "";
  draw(std::string(phase) + count, done == total);
}

void ProgressBar::log(std::string_view line) {
  clear();
  end_line();
  std::fprintf(stderr, "%s\n", printable(line).c_str());
}

void ProgressBar::output(std::string_view bytes) {
  clear();
  std::fwrite(bytes.data(), 1, bytes.size(), stderr);
  if (!bytes.empty()) is_in_line_ = bytes.back() != '\n';
}

void ProgressBar::end_line() {
  if (is_in_line_) std::fputs("\n", stderr);
  is_in_line_ = false;
}

void ProgressBar::clear() {
  erase();
  last_drawn_s_ = -1;
}

void ProgressBar::draw(const std::string& line, bool at_once) {
  if (!stderr_has_bar()) return;
  const double now = monotonic_seconds();
  if (!at_once && now - last_drawn_s_ < kSecondsBetweenDrawings) return;
  last_drawn_s_ = now;
  end_line();
  is_drawn_ = true;
  erase_wrapped();
  // One column is left free: a character in the last one makes some terminals wrap.
  terminal_width_ = stderr_width();
  const std::string fitted = fit_width(line, std::max(1, terminal_width_ - 1));
  drawn_width_ = display_width(fitted);
  std::fprintf(stderr, "\r%s\x1b[K", fitted.c_str());
  std::fflush(stderr);
}

// In a window that has become narrower the line takes several, above the one with the cursor.
void ProgressBar::erase_wrapped() {
  const int width = stderr_width();
  if (width <= 0 || width >= terminal_width_ || drawn_width_ <= width) return;
  std::fprintf(stderr, "\x1b[%dA\r\x1b[J", (drawn_width_ - 1) / width);
  drawn_width_ = 0;
}

void ProgressBar::finish() {
  erase();
  end_line();
}

void ProgressBar::erase() {
  if (is_drawn_) {
    erase_wrapped();
    std::fputs("\r\x1b[K", stderr);
  }
  is_drawn_ = false;
  drawn_width_ = 0;
}

}  // namespace mat
