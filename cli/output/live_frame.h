#pragma once

#include <functional>
#include <string>

#include "cli/output/terminal.h"

namespace mat {

// Lines on stdout that are drawn again and again in their place, each time with one write, so that
// nothing flickers. What was on the terminal before stays above them, unless the window gets
// another size, which clears it. For a stdout that is drawable.
class LiveFrame {
 public:
  LiveFrame() = default;
  LiveFrame(const LiveFrame&) = delete;
  LiveFrame& operator=(const LiveFrame&) = delete;

  // Draws what `compose` gives for the room that there is: lines that end in "\n", no more and no
  // wider than that. What has not changed is not drawn again.
  void draw(const std::function<std::string(TerminalSize)>& compose);

 private:
  std::string last_;
  int lines_ = 0;
  TerminalSize size_;
};

}  // namespace mat
