#include "core/training/known_contents.h"

#include <catch2/catch.hpp>

#include "core/base/file.h"
#include "tests/temp_folder.h"

namespace mat {

TEST_CASE("What weights know is kept beside them, and goes with them") {
  const TempFolder folder;
  CHECK(read_known_contents(folder.path()).learnt.empty());
  KnownContents known;
  known.learnt = {{1, 2}, {3, 4}};
  known.validated = {{5, 6}};
  write_known_contents(folder.path(), known);
  std::filesystem::create_directory(folder / "model");
  copy_known_contents(folder.path(), folder / "model");
  const KnownContents read = read_known_contents(folder / "model");
  CHECK((read.learnt == known.learnt));
  CHECK((read.validated == known.validated));
  CHECK_NOTHROW(copy_known_contents(folder / "none", folder / "other"));
}

TEST_CASE("A row is the same in another table, by what is learnt from and the target") {
  const auto contents = [](const std::string& csv) {
    const CsvTable table = CsvTable::parse(csv, "rows.csv", {});
    return contents_of_rows(table, {0, 1}, {"x", "t"});
  };
  const auto before = contents("x,t\n1,yes\n2,no\n");
  CHECK((contents("note,t,x\nnew, no,2\nnew,yes, 1\n") == std::vector{before[1], before[0]}));
  CHECK((contents("x,t\n1,no\n,yes2\n")[0] != before[0]));
}

}  // namespace mat
