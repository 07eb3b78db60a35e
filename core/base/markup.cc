#include "core/base/markup.h"

#include "core/base/text.h"

namespace mat {

std::string markup_text(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  // The two that are characters but not in XML.
  for (const char* none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (auto at = escaped.find(none); at != std::string::npos; at = escaped.find(none)) {
      escaped.replace(at, 3, "\xEF\xBF\xBD");
    }
  }
  return escaped;
}

}  // namespace mat
