#include "cli/output/terminal.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

int width_of(int fd) {
  if (::isatty(fd) == 0) return 0;
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

// Whether escape sequences may be written.
bool is_capable(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool is_dumb =
      terminal == nullptr || *terminal == '\0' || std::string_view(terminal) == "dumb";
  return ::isatty(fd) != 0 && (no_colour == nullptr || *no_colour == '\0') && !is_dumb;
}

}  // namespace

bool stdin_is_terminal() { return ::isatty(STDIN_FILENO) != 0; }

int stdout_width() { return width_of(STDOUT_FILENO); }
int stderr_width() { return width_of(STDERR_FILENO); }

bool stdout_has_colour() { return is_capable(STDOUT_FILENO); }
bool stderr_has_colour() { return is_capable(STDERR_FILENO); }
bool stderr_has_bar() { return is_capable(STDERR_FILENO); }

std::string styled(std::string_view text, Style style, bool has_colour) {
  const char* code = nullptr;
  switch (style) {
    case Style::plain:
      break;
    case Style::bold:
      code = "1";
      break;
    case Style::dim:
      code = "2";
      break;
    case Style::good:
      code = "32";
      break;
    case Style::bad:
      code = "31";
      break;
    case Style::warning:
      code = "33";
      break;
    case Style::active:
      code = "36";
      break;
  }
  if (!has_colour || code == nullptr) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void note(std::string_view text) {
  // Where both go to one file, they stand there in the order in which they were written.
  std::fflush(stdout);
  const std::string line = "mat: " + std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void finish_output() {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw_io_error("cannot write the results to stdout", errno != 0 ? errno : EIO);
  }
}

bool confirmed(std::string_view question, bool assume_yes) {
  if (assume_yes) return true;
  if (!stdin_is_terminal()) {
    throw Error(ErrorKind::usage,
                fmt::format("{} Nobody can be asked: stdin is no terminal", question),
                "-y answers yes");
  }
  std::fprintf(stderr, "%.*s [y/N] ", static_cast<int>(question.size()), question.data());
  char answer[16] = {};
  if (std::fgets(answer, sizeof answer, stdin) == nullptr) return false;
  const std::string word = lower(trim(answer));
  return word == "y" || word == "yes";
}

}  // namespace mat
