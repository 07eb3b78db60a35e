#pragma once

#include <string>
#include <string_view>

namespace mat {

enum class Style { plain, bold, dim, good, bad, warning, active };

bool stdin_is_terminal();

struct TerminalSize {
  int columns = 0, rows = 0;
};
// Of the terminal on stdout; zeros when it is none.
TerminalSize stdout_size();

// Whether stdout is a terminal in which lines can be drawn again: TERM is not dumb.
bool stdout_is_drawable();

// Whether characters beyond ASCII are shown: the locale is UTF-8, and the terminal not one that has
// no braille, as Linux's own console.
bool has_unicode();

// Columns of the terminal on stdout or, for the bar, stderr; 0 when it is none.
int stdout_width();
int stderr_width();

// Colours and the bar are used on a terminal unless NO_COLOR is set or TERM is dumb.
bool stdout_has_colour();
bool stderr_has_colour();
bool stderr_has_bar();

// `text` between escape sequences when `has_colour`, otherwise as it is.
std::string styled(std::string_view text, Style style, bool has_colour);

// The same in one of eight colours that are told apart on dark and on light ground; a larger number
// begins again, below 0 is none.
std::string coloured(std::string_view text, int colour, bool has_colour);

// Results, to stdout; and everything else, to stderr. Names and messages are made printable by the
// caller. A stdout that cannot be written to is an io error at finish_output().
void print(std::string_view text);
// For results that somebody waits for before the command ends.
void flush_output();
void note(std::string_view text);  // one line to stderr, behind kNotePrefix
inline constexpr std::string_view kNotePrefix = "mat: ";
void finish_output();

// Asks on the terminal; true without asking when `assume_yes`. A usage error when stdin is no
// terminal: what cannot be undone is not done unasked.
bool confirmed(std::string_view question, bool assume_yes);

}  // namespace mat
