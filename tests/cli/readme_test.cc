#include <catch2/catch.hpp>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

std::string readme() { return read_file(source_root() / "README.md"); }

// What stands in the first block of a language.
std::string block(const std::string& text, const std::string& language) {
  const std::string begin = "```" + language + "\n";
  const std::size_t from = text.find(begin);
  REQUIRE(from != std::string::npos);
  const std::size_t start = from + begin.size();
  return text.substr(start, text.find("```\n", start) - start);
}

}  // namespace

TEST_CASE("the README shows the quickstart's spec as it is") {
  const std::string spec = read_file(source_root() / "examples/quickstart/shapes.yaml");
  // The comments at its beginning are for whoever opens the file.
  CHECK(block(readme(), "yaml") == spec.substr(spec.find("\nname: ") + 1));
}

TEST_CASE("the README shows the quickstart's commands") {
  const std::string text = readme();
  const std::string quickstart = read_file(source_root() / "examples/quickstart.sh");
  std::size_t shown = 0;
  for (const std::string& line : split(text, '\n')) {
    if (!line.starts_with("$ ")) continue;
    ++shown;
    CAPTURE(line);
    CHECK(quickstart.find("\ntry " + line.substr(2) + "\n") != std::string::npos);
  }
  CHECK(shown == 3);
}
