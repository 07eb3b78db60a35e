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

std::string bar(double part) {
  const int halves = static_cast<int>(std::clamp(part, 0.0, 1.0) * kBarWidth * 2);
  std::string text;
  for (int i = 0; i < kBarWidth; ++i) {
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
  std::string line = fmt::format("epoch {}/{} {} {:3.0f}%  {}", p.epoch, p.epochs, bar(part),
                                 100 * part, epoch_text(p, unit_));
  if (!std::isnan(p.seconds_left)) line += "  " + format_duration(p.seconds_left) + " left";
  draw(line, p.step == p.steps);
}

void ProgressBar::show(std::string_view phase, std::int64_t done, std::int64_t total) {
  const double part = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
  const std::string count = total > 0 ? fmt::format(" {} {} of {}", bar(part), done, total) : "";
  draw(std::string(phase) + count, done == total);
}

void ProgressBar::log(std::string_view line) {
  clear();
  std::fprintf(stderr, "%s\n", printable(line).c_str());
}

void ProgressBar::output(std::string_view bytes) {
  clear();
  std::fwrite(bytes.data(), 1, bytes.size(), stderr);
}

void ProgressBar::clear() {
  finish();
  last_drawn_s_ = -1;
}

void ProgressBar::draw(const std::string& line, bool at_once) {
  if (!stderr_has_bar()) return;
  const double now = monotonic_seconds();
  if (!at_once && now - last_drawn_s_ < kSecondsBetweenDrawings) return;
  last_drawn_s_ = now;
  is_drawn_ = true;
  // One column is left free: a character in the last one makes some terminals wrap.
  std::fprintf(stderr, "\r%s\x1b[K", fit_width(line, std::max(1, stderr_width() - 1)).c_str());
  std::fflush(stderr);
}

void ProgressBar::finish() {
  if (is_drawn_) std::fputs("\r\x1b[K", stderr);
  is_drawn_ = false;
}

}  // namespace mat
