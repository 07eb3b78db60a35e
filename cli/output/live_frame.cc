#include "cli/output/live_frame.h"

#include <fmt/core.h>

#include <algorithm>

namespace mat {
namespace {

constexpr int kMostTries = 5;

// The cursor waits in the line below the frame; a character in the last column makes some terminals
// wrap.
TerminalSize room_in(TerminalSize size) {
  return {std::max(1, size.columns - 1), std::max(1, size.rows - 1)};
}

bool are_same(TerminalSize a, TerminalSize b) { return a.columns == b.columns && a.rows == b.rows; }

}  // namespace

void LiveFrame::draw(const std::function<std::string(TerminalSize)>& compose) {
  TerminalSize size = stdout_size();
  std::string text = compose(room_in(size));
  // The window may be changing just now.
  for (int tries = 1; tries < kMostTries && !are_same(size, stdout_size()); ++tries) {
    size = stdout_size();
    text = compose(room_in(size));
  }
  const bool is_first = lines_ == 0, has_size = is_first || are_same(size, size_);
  if (has_size && !is_first && text == last_) return;
  std::string out;
  if (!has_size) {
    // Lines have been wrapped or cut in the terminal's own way: nobody knows where they are.
    out += "\x1b[H\x1b[2J";
  } else if (!is_first) {
    out += fmt::format("\x1b[{}A\r", lines_);
  }
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    // Cleared before: behind a letter in the last column that one would go.
    out += "\x1b[K" + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  out += "\x1b[J";
  print(out);
  finish_output();
  lines_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  last_ = std::move(text);
  size_ = size;
}

}  // namespace mat
