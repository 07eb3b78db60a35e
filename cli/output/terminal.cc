#include "cli/output/terminal.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

TerminalSize size_of(int fd) {
  if (::isatty(fd) == 0) return {};
  winsize size{};
  const bool is_known = ::ioctl(fd, TIOCGWINSZ, &size) == 0;
  return {is_known && size.ws_col > 0 ? size.ws_col : 80,
          is_known && size.ws_row > 0 ? size.ws_row : 24};
}

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool is_dumb() { return variable("TERM").empty() || variable("TERM") == "dumb"; }

// Whether escape sequences may be written.
bool is_capable(int fd) { return ::isatty(fd) != 0 && variable("NO_COLOR").empty() && !is_dumb(); }

}  // namespace

bool stdin_is_terminal() { return ::isatty(STDIN_FILENO) != 0; }

TerminalSize stdout_size() { return size_of(STDOUT_FILENO); }
int stdout_width() { return size_of(STDOUT_FILENO).columns; }
int stderr_width() { return size_of(STDERR_FILENO).columns; }

bool stdout_is_drawable() { return ::isatty(STDOUT_FILENO) != 0 && !is_dumb(); }

bool has_unicode() {
  // The first of these that is set decides, as in setlocale(3).
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = lower(variable(name));
    if (value.empty()) continue;
    const bool is_utf8 =
        value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
    return is_utf8 && variable("TERM") != "linux";
  }
  return false;
}

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

std::string coloured(std::string_view text, int colour, bool has_colour) {
  // Of the 256 colours that have no light or dark relatives; where there are eight, these.
  constexpr std::array<int, 8> kColours{33, 208, 35, 170, 37, 167, 99, 137};
  constexpr std::array<int, 8> kFewColours{34, 33, 32, 35, 36, 31, 94, 90};
  if (!has_colour || colour < 0) return std::string(text);
  const std::string_view terminal = variable("TERM");
  const bool has_many = !variable("COLORTERM").empty() ||
                        terminal.find("256") != std::string_view::npos ||
                        terminal.find("direct") != std::string_view::npos;
  const std::size_t i = static_cast<std::size_t>(colour) % kColours.size();
  const std::string code =
      has_many ? "38;5;" + std::to_string(kColours[i]) : std::to_string(kFewColours[i]);
  return "\x1b[" + code + "m" + std::string(text) + "\x1b[0m";
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void flush_output() { std::fflush(stdout); }

void note(std::string_view text) {
  // Where both go to one file, they stand there in the order in which they were written.
  std::fflush(stdout);
  const std::string line = std::string(kNotePrefix) + std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void finish_output() {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    const int problem = errno != 0 ? errno : EIO;
    struct stat info {};
    // Where it is no file, no space can be freed for it.
    if (::fstat(STDOUT_FILENO, &info) == 0 && !S_ISREG(info.st_mode)) {
      throw Error(ErrorKind::io,
                  fmt::format("standard output cannot be written: {}", std::strerror(problem)));
    }
    throw_io_error("standard output cannot be written", problem);
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
