#include "core/lineage/lineage_svg.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "core/lineage/lineage_text.h"
#include "tests/core/lineage/lineage_home.h"

namespace mat {
namespace {

// Whether another program reads a text as what it is meant to be.
bool is_accepted(const std::string& command, const std::string& text) {
  const TempFolder folder;
  const std::string file = (folder / "text").string();
  std::ofstream(file, std::ios::binary) << text;
  return std::system((command + " '" + file + "' >/dev/null 2>&1").c_str()) == 0;
}

bool has_program(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
}

constexpr const char* kReadsXml =
    "python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])'";

// Inputs whose places are what somebody may have named a file.
LineageGraph hostile_graph(const LineageHome& home) {
  for (const std::string place : {"/a/<script>alert(1)</script>&\"'", "/b/\x1b[31m\n\x07]]>",
                                  "/c/\xff\xfe\xef\xbf\xbf", "/d/--><!--", "/e/{<|>}\\N\\"}) {
    home.make_version(home.version_on(place, "hostile"));
  }
  home.make_version(home.version_on("/f/" + std::string(4000, 'x'), "hostile"));
  return home.graph("job:hostile");
}

}  // namespace

TEST_CASE("The picture of a lineage is XML with a title, a description and each name") {
  const LineageHome home;
  LineageSvgOptions options;
  options.link = [](const LineageNode& node) { return "?lineage=" + node.reference + "&x=1"; };
  const std::string svg = lineage_svg(home.graph("clothes@3"), options);
  CHECK(is_accepted(kReadsXml, svg));
  CHECK(svg.find("<title id=\"lineage-title\">Lineage of clothes@V0003</title>") !=
        std::string::npos);
  CHECK(svg.find("<desc id=") != std::string::npos);
  CHECK(svg.find("class=\"node version start\"") != std::string::npos);
  CHECK(svg.find("<a href=\"?lineage=service:shop&amp;x=1\">") != std::string::npos);
  CHECK(svg.find("prefers-color-scheme:dark") != std::string::npos);
  for (const char* name : {"flowers@V001", "flowers@1.0.0", "incremental", "modify", "serves"}) {
    CHECK(svg.find(std::string(">") + name + "<") != std::string::npos);
  }
  options.has_style = false;
  CHECK(lineage_svg(home.graph("clothes@3"), options).find("<style") == std::string::npos);
}

TEST_CASE("Whatever is in a name is text in the picture") {
  const LineageHome home;
  const std::string svg = lineage_svg(hostile_graph(home));
  CHECK(is_accepted(kReadsXml, svg));
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find("&lt;script") != std::string::npos);
  CHECK(svg.size() < 40'000);
}

TEST_CASE("Graphviz takes the dot of a lineage, also with hostile names") {
  const LineageHome home;
  if (!has_program("dot")) {
    std::cerr << "WARNING: skipped, graphviz is not here: apt-get install graphviz\n";
    return;
  }
  CHECK(is_accepted("dot -Tsvg -o /dev/null", lineage_dot(home.graph("clothes@3"))));
  CHECK(is_accepted("dot -Tsvg -o /dev/null", lineage_dot(hostile_graph(home))));
  CHECK_FALSE(is_accepted("dot -Tsvg -o /dev/null", "digraph { \"a }"));
}

TEST_CASE("The lineage of a dataset with a thousand versions is small, and can name them all") {
  const LineageHome home;
  std::vector<NewVersion> versions(1000, home.version_on("dataset://flowers@V001", "many"));
  home.writer().create_versions(versions);
  CHECK(lineage_svg(home.graph("dataset:flowers@V001")).size() < 60'000);
  LineageOptions all;
  all.is_folded = false;
  const std::string svg = lineage_svg(home.graph("dataset:flowers@V001", all));
  CHECK(svg.find("many@V0001") != std::string::npos);
}

}  // namespace mat
