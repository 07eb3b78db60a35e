#include "core/base/markup.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

TEST_CASE("text in a page is text, whatever is in it", "[base]") {
  CHECK(markup_text("<b a='1' c=\"2\">&amp;") ==
        "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;");
  CHECK(markup_text("é 図 \xEF\xBF\xBF\xEF\xBF\xBE") == "é 図 \xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(markup_text("a\nb\x1b[0m\xff") == "a\\nb\\x1b[0m\\xff");
}

}  // namespace
}  // namespace mat
