#include "core/lineage/lineage_text.h"

#include <catch2/catch.hpp>

#include "core/base/text.h"
#include "tests/core/lineage/lineage_home.h"

namespace mat {
namespace {

std::string plain(const std::vector<LineageLine>& lines) {
  std::string text;
  for (const LineageLine& line : lines) {
    for (const LineageSpan& span : line) text += span.text;
    text += '\n';
  }
  return text;
}

}  // namespace

TEST_CASE("The tree of a lineage names each thing once and how it came to be") {
  const LineageHome home;
  CHECK(
      plain(lineage_lines(home.graph("clothes@3"), 0)) ==
      R"(clothes@V0003  Completed, accuracy 0.7500  resnet18, code 01234567, changed, experiment spring
made from
├─ data_url  dataset flowers@V001  1200 pictures
│  └─ dataset flowers
└─ incremental  clothes@V0002  Failed, accuracy 0.7500  ← data_url flowers@V001  resnet18, code 01234567, changed, experiment spring
   └─ modify  clothes@V0001  Completed, accuracy 0.7500  ← data_url flowers@V001  resnet18, code 01234567, changed, experiment spring
led to
└─ model  model flowers@1.0.0  resnet18
   └─ serves  service shop  Pending
)");
}

TEST_CASE("The tree of a job or model has what its versions were made from") {
  const LineageHome home;
  const std::string text = plain(lineage_lines(home.graph("model:flowers"), 0));
  CHECK(text.find("model flowers\n"
                  "made from\n"
                  "└─ model  clothes@V0003  Completed") == 0);
  CHECK(text.find("dataset flowers@V001") != std::string::npos);
  CHECK(text.find("└─ model flowers@1.0.0  ← model clothes@V0003  resnet18\n") !=
        std::string::npos);
}

TEST_CASE("Lines of the tree are no wider than the terminal") {
  const LineageHome home;
  for (const int columns : {20, 40, 80}) {
    for (const LineageLine& line : lineage_lines(home.graph("clothes@3"), columns)) {
      int width = 0;
      for (const LineageSpan& span : line) width += display_width(span.text);
      CHECK(width <= columns);
    }
  }
}

TEST_CASE("What is deleted says so first in its line") {
  const LineageHome home;
  home.writer().delete_version(home.reader().version("clothes@1").id);
  const std::string text = plain(lineage_lines(home.graph("clothes@3"), 0));
  CHECK(text.find("modify  clothes@V0001  deleted ") != std::string::npos);
}

TEST_CASE("A version of which nothing is known says that") {
  const LineageHome home;
  home.make_version(new_version("alone"));
  CHECK(plain(lineage_lines(home.graph("alone"), 0)).find("nothing is known of what") !=
        std::string::npos);
}

TEST_CASE("Hostile names write nothing to the terminal and break no line") {
  const LineageHome home;
  home.make_version(home.version_on("/data/\x1b]0;x\x07\n<script>\"\\n"));
  for (const LineageLine& line : lineage_lines(home.graph("clothes"), 0)) {
    for (const LineageSpan& span : line) {
      CHECK(span.text.find_first_of("\n\x1b\x07") == std::string::npos);
    }
  }
  const std::string dot = lineage_dot(home.graph("clothes"));
  CHECK(dot.find("<script>\\\"") != std::string::npos);
  CHECK(dot.find('\x1b') == std::string::npos);
}

}  // namespace mat
