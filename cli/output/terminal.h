#pragma once

#include <string>
#include <string_view>

namespace mat {

enum class Style { plain, bold, dim, good, bad, warning, active };

bool stdin_is_terminal();

// Columns of the terminal on stdout or, for the bar, stderr; 0 when it is none.
int stdout_width();
int stderr_width();

// Colours and the bar are used on a terminal unless NO_COLOR is set or TERM is dumb.
bool stdout_has_colour();
bool stderr_has_colour();
bool stderr_has_bar();

// `text` between escape sequences when `has_colour`, otherwise as it is.
std::string styled(std::string_view text, Style style, bool has_colour);

// Results, to stdout; and everything else, to stderr. Names and messages are made printable by the
// caller. A stdout that cannot be written to is an io error at finish_output().
void print(std::string_view text);
void note(std::string_view text);  // one line to stderr, "mat: TEXT"
void finish_output();

// Asks on the terminal; true without asking when `assume_yes`. A usage error when stdin is no
// terminal: what cannot be undone is not done unasked.
bool confirmed(std::string_view question, bool assume_yes);

}  // namespace mat
