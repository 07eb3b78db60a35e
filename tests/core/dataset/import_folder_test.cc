#include <sys/stat.h>

#include "tests/core/dataset/imported.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

void put_all(const TempFolder& folder, const std::vector<std::string>& names) {
  for (const auto& name : names) put_file(folder.path() / name, "");
}

TEST_CASE("a folder for each class gives its name as the label, also to pictures deep in it") {
  const TempFolder data;
  put_all(data, {"cat/1.jpg", "cat/deep/er/2.png", "dog/1.jpg", "dog/notes.txt", "dog/Thumbs.db",
                 "LICENSE", ".hidden/x.jpg", "__MACOSX/cat/x.jpg"});
  const Imported found = import_all(data.path());
  CHECK(found.summary.format == ImportFormat::folder);
  CHECK(found.by_name(data.path()) ==
        NameMap{{"cat/1.jpg", "cat"}, {"cat/deep/er/2.png", "cat"}, {"dog/1.jpg", "dog"}});
  CHECK(found.summary.classes == std::map<std::string, std::int64_t>{{"cat", 2}, {"dog", 1}});
  CHECK(found.summary.ignored ==
        std::map<std::string, std::int64_t>{{"no picture by its name", 3}});
  CHECK(found.problems().empty());
}

TEST_CASE("folders for training, validation and test say the usage") {
  const TempFolder data;
  put_all(data, {"train/cat/1.jpg", "train/dog/2.jpg", "Valid/cat/3.jpg", "test/cat/4.jpg",
                 "train/loose.jpg", "notes/x.jpg"});
  const Imported found = import_all(data.path());
  CHECK(found.by_name(data.path()) == NameMap{{"train/cat/1.jpg", "TRAIN cat"},
                                              {"train/dog/2.jpg", "TRAIN dog"},
                                              {"Valid/cat/3.jpg", "EVAL cat"},
                                              {"test/cat/4.jpg", "TEST cat"},
                                              {"train/loose.jpg", "TRAIN"}});
  CHECK(found.summary.train == 3);
  CHECK(found.summary.validation == 1);
  CHECK(found.summary.test == 1);
  CHECK(found.problems() ==
        std::vector<std::string>{"notes: a folder beside those for train, val and test"});
}

TEST_CASE("without class folders inside, train is a class, and val beside classes is one") {
  const TempFolder data;
  put_all(data, {"train/1.jpg", "bus/2.jpg"});
  CHECK(import_all(data.path()).summary.classes.contains("train"));
  put_all(data, {"val/deep/3.jpg"});
  CHECK(import_all(data.path()).summary.classes.contains("val"));
}

TEST_CASE("pictures without a label are kept and counted") {
  const TempFolder data;
  put_all(data, {"1.jpg", "2.jpg"});
  CHECK(import_all(data.path()).summary.unlabelled == 2);
  put_all(data, {"cat/3.jpg"});
  const Imported found = import_all(data.path());
  CHECK(found.summary.unlabelled == 2);
  CHECK(found.summary.pictures == 3);
}

TEST_CASE("a text file beside a picture has its labels, one in each line") {
  const TempFolder data;
  put_all(data, {"a.jpg", "b.png", "c.jpg", "d.jpg", "deep/e.jpg"});
  put_file(data / "a.txt",
           "\xef\xbb\xbf"
           "cat\r\n");
  put_file(data / "b.txt", "dog\ncat\n\ndog\n");
  put_file(data / "c.txt", "\n");
  put_file(data / "deep/e.txt", "cow");
  put_file(data / "orphan.txt", "x");
  const Imported found = import_all(data.path());
  CHECK(found.summary.format == ImportFormat::text);
  CHECK(found.by_name(data.path()) == NameMap{{"a.jpg", "cat"},
                                              {"b.png", "dog|cat"},
                                              {"c.jpg", ""},
                                              {"d.jpg", ""},
                                              {"deep/e.jpg", "cow"}});
  CHECK(found.summary.several_labels == 1);
  CHECK(found.summary.unlabelled == 2);
}

TEST_CASE("text files of labels may lie in folders for training and validation") {
  const TempFolder data;
  put_all(data, {"train/a.jpg", "val/b.jpg"});
  put_file(data / "train/a.txt", "cat");
  put_file(data / "val/b.txt", "dog");
  CHECK(import_all(data.path()).by_name(data.path()) ==
        NameMap{{"train/a.jpg", "TRAIN cat"}, {"val/b.jpg", "EVAL dog"}});
}

TEST_CASE("a text file that holds no labels is told, with its line") {
  const TempFolder data;
  put_all(data, {"a.jpg", "b.jpg", "c.jpg"});
  put_file(data / "a.txt", "cat");
  put_file(data / "b.txt", "dog\n\xff\xfe\n");
  put_file(data / "c.txt", std::string(100'000, 'x'));
  const Imported found = import_all(data.path());
  CHECK(found.summary.pictures == 1);
  REQUIRE(found.summary.problem_count == 2);
  CHECK_THAT(found.problems()[0], Contains("b.txt:2: bytes that are no text"));
  CHECK_THAT(found.problems()[1], Contains("larger than"));
}

TEST_CASE("hostile names are taken as they are, and those that no manifest can hold told") {
  const TempFolder data;
  put_all(data, {"cat/\n\x1b[31m.jpg", "cat/..jpg", "cat/ .jpg", "cat/\xff\xfe.jpg", "cat/1.jpg"});
  const Imported found = import_all(data.path());
  CHECK(found.summary.pictures == 3);  // one is hidden
  REQUIRE(found.problems().size() == 1);
  CHECK_THAT(found.problems()[0], Contains("not UTF-8"));
}

TEST_CASE("links that leave the folder are told and not followed") {
  const TempFolder data, elsewhere;
  put_all(data, {"cat/1.jpg", "dog/inner/2.jpg"});
  put_file(elsewhere / "secret/x.jpg", "");
  const auto link = [&](const fs::path& target, const std::string& name) {
    fs::create_symlink(target, data / name);
  };
  link(elsewhere / "secret/x.jpg", "cat/out.jpg");
  link(elsewhere / "secret", "cat/out");
  link(elsewhere / "secret", "cow");
  link("/etc", "etc");
  link("..", "cat/up");
  link(".", "here");
  link("nowhere", "cat/dangling.jpg");
  link("../dog/inner/2.jpg", "cat/inside.jpg");
  link("../dog/inner", "cat/inner");
  const Imported found = import_all(data.path());
  CHECK(found.by_name(data.path()) == NameMap{{"cat/1.jpg", "cat"},
                                              {"cat/inner/2.jpg", "cat"},
                                              {"cat/inside.jpg", "cat"},
                                              {"dog/inner/2.jpg", "dog"}});
  CHECK(found.summary.problem_count == 7);
  ImportOptions options;
  options.follow_links = true;
  CHECK(import_all(data.path(), options).by_name(data.path()).contains("cat/out.jpg"));
}

TEST_CASE("folders that link to each other come to an end") {
  const TempFolder data;
  put_all(data, {"a/x/1.jpg", "b/y/2.jpg"});
  fs::create_symlink("../b", data / "a/to_b");
  fs::create_symlink("../a", data / "b/to_a");
  CHECK(import_all(data.path()).summary.pictures == 4);
}

TEST_CASE("the odd pictures come whole, as one class each") {
  const char* shared = std::getenv("MAT_SHARED_DATA");
  if (shared == nullptr || !fs::exists(fs::path(shared) / "odd-images")) {
    WARN("skipped: the odd pictures are not here (MAT_SHARED_DATA)");
    return;
  }
  const Imported found = import_all(fs::path(shared) / "odd-images");
  CHECK(found.summary.classes.size() == 4);
  CHECK(found.summary.pictures > 70);
  CHECK(found.summary.problem_count == 0);
}

TEST_CASE("labels that are none are refused with what they might be called") {
  const TempFolder data;
  put_all(data, {"black t-shirt!/1.jpg", "black t-shirt!/2.jpg", "cat/1.jpg", "a.b/1.jpg"});
  const Error error = import_error(data.path());
  CHECK(error.kind() == ErrorKind::usage);
  CHECK_THAT(error.message(), Contains("2 names are not labels") && Contains("3 pictures"));
  CHECK_THAT(error.hint(), Contains("--map-label 'black t-shirt!=black_t-shirt'\n") &&
                               Contains("--map-label 'a.b=a_b'\n"));

  const TempFolder one;
  put_all(one, {"a.b/1.jpg", "cat/1.jpg"});
  CHECK_THAT(import_error(one.path()).message(), Contains("1 name is not a label of at most"));

  ImportOptions options;
  SECTION("all are mapped on request") {
    options.bad_labels = ImportOptions::BadLabels::map;
    const Imported found = import_all(data.path(), options);
    CHECK(found.summary.classes ==
          std::map<std::string, std::int64_t>{{"a_b", 1}, {"black_t-shirt", 2}, {"cat", 1}});
    CHECK(found.summary.mapped_labels ==
          NameMap{{"a.b", "a_b"}, {"black t-shirt!", "black_t-shirt"}});
  }
  SECTION("or one by one, and dropped with an empty name") {
    options.labels = {{"black t-shirt!", "shirt"}, {"a.b", ""}};
    const Imported found = import_all(data.path(), options);
    CHECK(found.summary.classes == std::map<std::string, std::int64_t>{{"cat", 1}, {"shirt", 2}});
    CHECK(found.summary.unlabelled == 1);
  }
  SECTION("or kept") {
    options.bad_labels = ImportOptions::BadLabels::keep;
    CHECK(import_all(data.path(), options).summary.classes.contains("a.b"));
  }
  SECTION("no two labels become one unasked") {
    put_all(data, {"a_b/1.jpg"});
    options.bad_labels = ImportOptions::BadLabels::map;
    CHECK_THAT(import_error(data.path(), options).message(),
               Contains("'a_b' is there, and 'a.b' would be called so too"));
  }
}

TEST_CASE("what cannot be imported says why") {
  const TempFolder data;
  CHECK(import_error(data / "none").kind() == ErrorKind::not_found);
  CHECK_THAT(import_error(data / "none").message(), Contains("there is no folder or file"));
  CHECK_THAT(import_error(data.path()).message(), Contains("there are no pictures in"));
  REQUIRE(::mkfifo((data / "pipe").c_str(), 0600) == 0);
  CHECK_THAT(import_error(data / "pipe").message(), Contains("neither a folder nor"));
  put_file(data / "empty.csv", "");
  CHECK_THAT(import_error(data / "empty.csv").message(), Contains("is empty"));
  put_file(data / "list.json", "[{}]");
  CHECK_THAT(import_error(data / "list.json").message(), Contains("is one JSON list"));
  put_file(data / "photo.jpg", "\xff\xd8\xff\xe0");
  CHECK_THAT(import_error(data / "photo.jpg").message(), Contains("is one picture"));
  ImportOptions options;
  options.format = parse_import_format("csv");
  CHECK_THAT(import_error(data.path(), options).message(),
             Contains("the format csv does not read"));
  CHECK_THAT(error_when([] { parse_import_format("cvs"); }).hint(), Contains("'csv'"));
}

}  // namespace
}  // namespace mat
