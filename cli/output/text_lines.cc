#include "cli/output/text_lines.h"

#include "cli/output/terminal.h"

namespace mat {

std::string line_text(const TextLine& line, bool has_colour) {
  std::string text;
  for (const TextSpan& span : line) {
    switch (span.look) {
      case TextSpan::Look::bold:
        text += styled(span.text, Style::bold, has_colour);
        break;
      case TextSpan::Look::dim:
        if (span.colour < 0) {
          text += styled(span.text, Style::dim, has_colour);
          break;
        }
        [[fallthrough]];
      case TextSpan::Look::plain:
        text += coloured(span.text, span.colour, has_colour);
    }
  }
  // Blanks at the end are nothing to copy.
  if (!has_colour) text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

}  // namespace mat
