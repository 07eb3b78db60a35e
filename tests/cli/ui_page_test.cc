#include <cstdlib>
#include <iostream>

#include "tests/cli/ui_fixture.h"
#include "tests/run_python.h"

namespace mat::test {

// Screenshots for the docs are taken on the way, under MAT_ACCEPT=1.
TEST_CASE("everything on the pages of mat ui works in a browser") {
  UiFixture f;
  std::vector<std::string> words{f.address(), MatProcess::program(), f.mat.home(), f.folder};
  if (std::getenv("MAT_ACCEPT") != nullptr) words.push_back(source_root() / "docs" / "ui");
  run_python("cli/ui_page.py", words, "MAT_TEST_PYTHON");
}

TEST_CASE("the pages of mat ui are accessible, as axe sees it") {
  const char* axe = std::getenv("MAT_AXE");
  if (axe == nullptr) {
    std::cout << "WARNING: the pages of mat ui are not checked with axe: MAT_AXE names no axe.js"
              << std::endl;
    return;
  }
  UiFixture f;
  run_python("cli/ui_axe.py", {f.address(), axe}, "MAT_TEST_PYTHON");
}

}  // namespace mat::test
