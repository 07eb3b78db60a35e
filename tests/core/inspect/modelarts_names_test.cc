#include "core/inspect/modelarts_names.h"

#include <catch2/catch.hpp>

using namespace mat;

TEST_CASE("names of plain letters with the ending of a picture are taken") {
  for (const char* name : {"a.jpg", "train/cat-1_b/IMG.JPEG", "x(1).png", "x.BMP"}) {
    CHECK(why_modelarts_refuses(name).empty());
  }
}

TEST_CASE("names with spaces, plus signs, other scripts or other endings are refused, and why") {
  CHECK(why_modelarts_refuses("a b.jpg") == "has a space");
  CHECK(why_modelarts_refuses("dir x/a.jpg") == "has a space");
  CHECK(why_modelarts_refuses("a+b.jpg") == "has '+'");
  CHECK(why_modelarts_refuses("a\tb.jpg") == "has a tab");
  CHECK(why_modelarts_refuses("a\nb.jpg") == "has a control byte");
  CHECK(why_modelarts_refuses("中.jpg") == "has characters other than ASCII");
  CHECK(why_modelarts_refuses("\xff.jpg") == "has characters other than ASCII");
  CHECK(why_modelarts_refuses("a.webp") == "does not end in .jpg, .jpeg, .png or .bmp");
  CHECK(why_modelarts_refuses("") == "does not end in .jpg, .jpeg, .png or .bmp");
  CHECK(why_modelarts_refuses(std::string(1019, 'a') + ".jpg").empty());
  CHECK(why_modelarts_refuses(std::string(1020, 'a') + ".jpg") == "is longer than 1023 bytes");
}
