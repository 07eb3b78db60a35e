#include "tests/core/dataset/imported.h"

namespace mat {
namespace {

using Catch::Contains;

// A folder with a few pictures, and a table beside them.
class Table {
 public:
  explicit Table(const std::string& text) {
    for (const char* name : {"pics/a.jpg", "pics/b.png", "pics/deep/c.jpeg", "d.jpg"}) {
      put_file(folder_ / name, "");
    }
    put_file(file(), text);
  }

  std::filesystem::path file() const { return folder_ / "table.csv"; }
  const TempFolder& folder() const { return folder_; }

  NameMap read(const ImportOptions& options = {}) const {
    return import_all(file(), options).by_name(folder_.path());
  }

 private:
  TempFolder folder_;
};

TEST_CASE("columns with the usual names are found") {
  const Table table(
      "nr,Image Path,class,split\n"
      "1,pics/a.jpg,cat,train\n"
      "2,pics/b.png,dog,VAL\n"
      "3,d.jpg,,\n");
  CHECK(table.read() ==
        NameMap{{"pics/a.jpg", "TRAIN cat"}, {"pics/b.png", "EVAL dog"}, {"d.jpg", ""}});
  CHECK(import_all(table.file()).summary.format == ImportFormat::csv);
}

TEST_CASE("columns of any name are found by what is in them, or named") {
  const Table table("x,wo\ncat,pics/a.jpg\ndog,pics/b.png\n");
  const NameMap expected{{"pics/a.jpg", "cat"}, {"pics/b.png", "dog"}};
  CHECK(table.read() == expected);
  const Table more("x,where,y\ncat,pics/a.jpg,1\ndog,pics/b.png,2\n");
  CHECK_THAT(import_error(more.file()).message(),
             Contains("not clear which column has the labels"));
  ImportOptions options;
  options.label_column = "x";
  CHECK(more.read(options) == expected);
  options.label_column = "z";
  CHECK_THAT(import_error(more.file(), options).message(),
             Contains("no column 'z' with the labels"));
}

TEST_CASE("what is said of another format than that of the data is refused") {
  const Table table("file,label\npics/a.jpg,cat\n");
  ImportOptions of_lines;
  of_lines.label_attribute = "q";
  CHECK_THAT(import_error(table.file(), of_lines).message(),
             Contains("--label-attribute is of no use") && Contains("in the format csv"));
  ImportOptions of_tables;
  of_tables.label_column = "zzz";
  of_tables.delimiter = ';';
  of_tables.sources = {{"s3://b/", "/pics"}};
  CHECK_THAT(import_error(table.folder().path(), of_tables).message(),
             Contains("--label-column, --delimiter, --map-source are of no use") &&
                 Contains("in the format folder"));
}

TEST_CASE("the delimiter is found, and a header not needed") {
  CHECK(Table("file;label\npics/a.jpg;cat\n").read() == NameMap{{"pics/a.jpg", "cat"}});
  CHECK(Table("file\tlabel\npics/a.jpg\tcat\n").read() == NameMap{{"pics/a.jpg", "cat"}});
  CHECK(Table("pics/a.jpg,cat\npics/b.png,dog\n").read() ==
        NameMap{{"pics/a.jpg", "cat"}, {"pics/b.png", "dog"}});
}

TEST_CASE("Windows paths and missing endings are resolved") {
  const Table table(
      "file,label\n"
      "pics\\a,cat\n"
      "C:\\photos\\pics\\b.png,dog\n"
      "c:\\x\\deep\\..\\d,cow\n"
      ".\\pics\\deep\\c.jpeg,hen\n");
  CHECK(table.read() == NameMap{{"pics/a.jpg", "cat"},
                                {"pics/b.png", "dog"},
                                {"d.jpg", "cow"},
                                {"pics/deep/c.jpeg", "hen"}});
}

TEST_CASE("a table from another machine finds the files that lie beside it") {
  const Table table("file,label\n/content/data/pics/a.jpg,cat\n");
  CHECK(table.read() == NameMap{{"pics/a.jpg", "cat"}});
}

TEST_CASE("sources are mapped, by the longest start that fits") {
  const Table table("file,label\nC:\\photos\\a.jpg,cat\nC:\\photos\\deep\\c.jpeg,dog\n");
  ImportOptions options;
  const std::string pics = (table.folder() / "pics").string();
  options.sources = {{"C:\\photos", pics}, {"C:\\", "/nowhere"}};
  CHECK(table.read(options) == NameMap{{"pics/a.jpg", "cat"}, {"pics/deep/c.jpeg", "dog"}});
}

TEST_CASE("several labels in a cell are several labels") {
  const Table table("file,labels\npics/a.jpg,cat| dog |cat\n");
  CHECK(table.read() == NameMap{{"pics/a.jpg", "cat|dog"}});
  CHECK(import_all(table.file()).summary.several_labels == 1);
}

TEST_CASE("rows that are wrong are told with their line, and the others come") {
  const Table table(
      "file,label,usage\n"
      "pics/a.jpg,cat,\n"
      "none.jpg,cat,\n"
      "../x.jpg,cat,\n"
      ",cat,\n"
      "pics/b.png,dog,sometimes\n"
      "\"new\nline.jpg\",dog,\n"
      "pics,dog,\n"
      "..\\..\\x.jpg,dog,\n"
      "d.jpg,dog,\n");
  put_file(table.folder() / "pics.jpg", "");
  put_file(table.folder() / "pics.png", "");
  const Imported found = import_all(table.file());
  CHECK(found.summary.pictures == 2);
  const std::vector<std::string> expected = {
      ":3: there is no file 'none.jpg'",
      ":4: '../x.jpg' leads out of the folder of the table",
      ":5: no picture is named",
      ":6: the usage 'sometimes' is none of TRAIN, EVAL and TEST",
      ":7: there is no file 'new\nline.jpg'",
      ":9: 'pics' may be",
      ":10: there is no file '..\\..\\x.jpg'"};
  REQUIRE(found.problems().size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK_THAT(found.problems()[i], Contains("table.csv" + expected[i]));
  }
}

TEST_CASE("a table whose pictures are not there says how to map them") {
  const Table table("file,label\nC:\\x\\1.jpg,cat\nC:\\x\\2.jpg,cat\n");
  const Error error = import_error(table.file());
  CHECK_THAT(error.message(), Contains("none of the 2 pictures") && Contains("table.csv:2: "));
  CHECK_THAT(error.hint(), Contains("--map-source"));
  const Table strange("x,y\n1,2\n");
  CHECK_THAT(import_error(strange.file()).hint(), Contains("--image-column"));
}

TEST_CASE("problems are kept up to a number and all counted") {
  std::string text = "file,label\npics/a.jpg,cat\n";
  for (int i = 0; i < 1000; ++i) text += "none.jpg,cat\n";
  const Table table(text);
  const Imported found = import_all(table.file());
  CHECK(found.problems().size() == ImportOptions().max_problems);
  CHECK(found.summary.problem_count == 1000);
}

TEST_CASE("a table of nothing but cells is refused before it takes memory") {
  const Table table("file,label\n" + std::string(33'000'000, ','));
  CHECK_THAT(import_error(table.file()).message(), Contains("more than 32 million cells"));
}

TEST_CASE("a cell of thousands of labels is told, and one of nothing but separators has none") {
  std::string many = "x0";
  for (int i = 1; i <= 1000; ++i) many += "|x" + std::to_string(i);
  const Table table("file,label\npics/a.jpg," + many + "\npics/b.png," + std::string(100'000, '|') +
                    "\n");
  const Imported found = import_all(table.file());
  CHECK(found.by_name(table.folder().path()) == NameMap{{"pics/b.png", ""}});
  REQUIRE(found.summary.problem_count == 1);
  CHECK_THAT(found.problems()[0], Contains("table.csv:2: more than 1000 labels"));
}

TEST_CASE("labels that take one another's names are renamed all at once") {
  const Table table("file,label\npics/a.jpg,cat|dog\npics/b.png,cow|cat\n");
  ImportOptions options;
  options.labels = {{"cat", "dog"}, {"dog", "cat"}, {"cow", ""}};
  CHECK(import_all(table.file(), options).by_name(table.folder().path()) ==
        NameMap{{"pics/a.jpg", "dog|cat"}, {"pics/b.png", "dog"}});
}

TEST_CASE("a table's files behind links that leave its folder are told and not followed") {
  const Table table(
      "file,label\npics/a.jpg,cat\nout.jpg,cat\naway/x.jpg,dog\ninside.jpg,dog\n"
      "s3://b/y.jpg,dog\n");
  const TempFolder elsewhere, mapped;
  put_file(elsewhere / "x.jpg", "");
  std::filesystem::create_symlink(elsewhere / "x.jpg", table.folder() / "out.jpg");
  std::filesystem::create_symlink(elsewhere.path(), table.folder() / "away");
  std::filesystem::create_symlink("pics/b.png", table.folder() / "inside.jpg");
  std::filesystem::create_symlink(elsewhere / "x.jpg", mapped / "y.jpg");
  ImportOptions options;
  options.sources = {{"s3://b", mapped.path().string()}};
  const Imported found = import_all(table.file(), options);
  CHECK(found.by_name(table.folder().path()) ==
        NameMap{{"pics/a.jpg", "cat"}, {"inside.jpg", "dog"}});
  REQUIRE(found.summary.problem_count == 3);
  CHECK_THAT(found.problems()[0], Contains("table.csv:3: ") &&
                                      Contains("out.jpg' is a link that leads out of the folder"));
  CHECK_THAT(found.problems()[1], Contains("away/x.jpg"));
  CHECK_THAT(found.problems()[2], Contains("y.jpg"));
  options.follow_links = true;
  CHECK(import_all(table.file(), options).summary.pictures == 5);
}

}  // namespace
}  // namespace mat
