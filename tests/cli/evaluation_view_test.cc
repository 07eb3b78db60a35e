#include <catch2/catch.hpp>

#include "core/base/text.h"
#include "tests/cli/drawn_versions.h"

using namespace mat;
using namespace mat::test;

namespace {

// Most are right, and the first class is often taken for the last one.
Json evaluation_of(int classes, const std::string& prefix) {
  Json labels = Json::array(), rows = Json::array(), reports = Json::array();
  for (int r = 0; r < classes; ++r) {
    const std::string name = prefix + std::to_string(r);
    labels.push_back(name);
    Json row = Json::array();
    for (int c = 0; c < classes; ++c) row.push_back(r == c ? 20 : 0);
    if (r == 0) row[classes - 1] = 60;
    if (r == 1) row[0] = 3;
    rows.push_back(row);
    reports.push_back({{"name", name},
                       {"precision", 1.0 / (r + 1)},
                       {"recall", 0.5},
                       {"f1", 0.0},
                       {"support", 20}});
  }
  return {{"classes", reports}, {"confusion_matrix", {{"labels", labels}, {"rows", rows}}}};
}

// From the evaluation to the end of its matrix.
std::string evaluation_in(const std::string& shown) {
  const auto begin = shown.find("evaluation\n");
  const auto end = shown.find("\nrecorded");
  return begin == std::string::npos ? "" : shown.substr(begin, end - begin);
}

struct Evaluated {
  DrawnVersions t;
  Id id = t.add("clothes");

  std::string show(const Json& evaluation) {
    write_text(t.folder_of(id) / "evaluation.json", to_json_text(evaluation));
    return evaluation_in(t.mat.succeed({"version", "show", "clothes"}).out);
  }
};

}  // namespace

TEST_CASE("an evaluation is drawn with bars and shaded cells") {
  Evaluated e;
  check_golden("evaluation.txt", e.show(evaluation_of(4, "class")));
  e.t.mat.environment["LANG"] = "C";
  const std::string ascii = e.show(evaluation_of(4, "class"));
  check_golden("evaluation_ascii.txt", ascii);
  for (const char c : ascii) CHECK((c & 0x80) == 0);
}

TEST_CASE("a class that nothing was measured of has no figures, and is named") {
  Evaluated e;
  Json evaluation = evaluation_of(3, "class");
  evaluation["classes"][2]["support"] = 0;
  const std::string shown = e.show(evaluation);
  CHECK(has(shown, "\nnothing to measure of: class2 (0 in the means"));
  const std::string row = shown.substr(shown.find("class2"));
  CHECK_FALSE(has(row.substr(0, row.find('\n')), "0."));
}

TEST_CASE("of many classes the largest confusions are listed") {
  Evaluated e;
  const std::string shown = e.show(evaluation_of(13, "class"));
  CHECK_FALSE(has(shown, "LABEL \\ PREDICTED"));
  const std::vector<std::string> lines = split(shown, '\n');
  REQUIRE(lines.size() >= 3);
  const std::string first = lines[lines.size() - 3], second = lines[lines.size() - 2];
  CHECK(has(first, "class0  class12"));
  CHECK(has(first, "60"));
  CHECK(has(first, "75 %"));
  CHECK(has(second, "class1  class0"));
  CHECK(has(second, "13 %"));
}

TEST_CASE("a matrix fits the window, with numbers for names that would be cut to the same") {
  Evaluated e;
  e.t.mat.environment["TERM"] = "xterm-256color";
  const auto on_terminal = [&](int columns) {
    return e.t.mat.run_on_terminal({"version", "show", "clothes"}, columns).out;
  };
  e.show(evaluation_of(12, "a rather long name of a class "));
  const std::string narrow = on_terminal(70);
  CHECK(has(narrow, "12 a rather long"));
  CHECK(has(narrow, "48;5;124m"));
  CHECK(has(narrow, "48;5;34m"));
  e.t.mat.environment["NO_COLOR"] = "1";
  for (const int columns : {60, 80, 120}) {
    for (const std::string& line : split(on_terminal(columns), '\n')) {
      // The recorded facts below are a table of their own.
      CHECK(display_width(line) <= columns);
    }
  }
  e.show(evaluation_of(3, "kind"));
  CHECK(has(on_terminal(80), "kind0"));
  CHECK_FALSE(has(on_terminal(80), "\x1b"));
}

TEST_CASE("hostile names of classes do not write to the terminal") {
  Evaluated e;
  const std::string shown = e.show(evaluation_of(3, "\x1b[31m\n"));
  CHECK_FALSE(has(shown, "\x1b"));
  CHECK(has(shown, "\\x1b[31m\\n0"));
}
