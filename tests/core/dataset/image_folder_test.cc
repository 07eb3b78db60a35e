#include "core/dataset/image_folder.h"

#include <fmt/core.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <map>
#include <set>

#include "core/base/error.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

std::vector<std::string> names_of(const PictureSet& folder) {
  std::vector<std::string> names;
  for (const auto& sample : folder.samples) names.push_back(sample.name);
  return names;
}

Error error_of(const fs::path& root, const SplitOptions& options = {}) {
  try {
    read_image_folder(root, options);
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error for " << root);
  throw std::logic_error("unreachable");
}

void put_pictures(const fs::path& folder, int count) {
  for (int i = 0; i < count; ++i) put_file(folder / (std::to_string(i) + ".jpg"), "");
}

std::set<std::string> validation_names(const PictureSet& folder) {
  std::set<std::string> names;
  for (const auto& sample : folder.samples) {
    if (sample.usage == Usage::validation) names.insert(sample.name);
  }
  return names;
}

TEST_CASE("classes and pictures of a folder come in the order of their names") {
  TempFolder data;
  for (const char* name : {"b/2.jpg", "b/10.jpg", "a/x.png", "B/z.bmp", "a/deep/er/y"}) {
    put_file(data / name, "");
  }
  const PictureSet folder = read_image_folder(data.path(), {});
  CHECK(folder.root == data.path());
  CHECK(folder.classes == std::vector<std::string>{"B", "a", "b"});
  CHECK(names_of(folder) ==
        std::vector<std::string>{"B/z.bmp", "a/deep/er/y", "a/x.png", "b/10.jpg", "b/2.jpg"});
  CHECK(folder.samples[1].label == 1);
  CHECK(folder.samples[1].file == data / "a/deep/er/y");
  CHECK(folder.ignored.empty());
}

TEST_CASE("train, val and test folders say what each picture is for") {
  const std::string validation = GENERATE("val", "valid", "validation", "eval");
  TempFolder data;
  for (const auto& usage : {std::string("train"), validation, std::string("test")}) {
    put_pictures(data.path() / usage / "cat", 3);
    put_pictures(data.path() / usage / "dog", 3);
  }
  put_file(data / "LICENSE", "");
  put_file(data / "notes/n.jpg", "");
  put_file(data / "train/stray.jpg", "");
  const PictureSet folder = read_image_folder(data.path(), {});
  CHECK(folder.classes == std::vector<std::string>{"cat", "dog"});
  std::map<Usage, int> count;
  for (const auto& sample : folder.samples) {
    ++count[sample.usage];
    CHECK(sample.name.find(sample.label == 0 ? "/cat/" : "/dog/") != std::string::npos);
  }
  CHECK(count == std::map<Usage, int>{{Usage::train, 6}, {Usage::validation, 6}, {Usage::test, 6}});
  CHECK(folder.ignored == std::vector<std::string>{"LICENSE", "notes", "train/stray.jpg"});
}

TEST_CASE("a class may be called train") {
  TempFolder data;
  put_pictures(data / "train", 2);
  put_pictures(data / "bus", 2);
  CHECK(read_image_folder(data.path(), {}).classes == std::vector<std::string>{"bus", "train"});
}

TEST_CASE("without a validation folder a part of every class is set aside") {
  TempFolder data;
  put_pictures(data / "many", 50);
  put_pictures(data / "few", 2);
  put_pictures(data / "one", 1);
  const PictureSet folder = read_image_folder(data.path(), {0.2, 1});
  std::map<std::string, int> chosen;
  for (const auto& name : validation_names(folder)) ++chosen[name.substr(0, name.find('/'))];
  CHECK(chosen == std::map<std::string, int>{{"many", 10}, {"few", 1}});

  SECTION("the same seed chooses the same pictures") {
    CHECK(validation_names(read_image_folder(data.path(), {0.2, 1})) == validation_names(folder));
  }
  SECTION("another seed chooses others") {
    CHECK(validation_names(read_image_folder(data.path(), {0.2, 2})) != validation_names(folder));
  }
  SECTION("the folder's place does not matter") {
    TempFolder elsewhere;
    fs::copy(data.path(), elsewhere / "copy", fs::copy_options::recursive);
    CHECK(validation_names(read_image_folder(elsewhere / "copy", {0.2, 1})) ==
          validation_names(folder));
  }
  SECTION("more pictures in one class leave the others' choice alone") {
    put_file(data / "few/more.jpg", "");
    auto after = validation_names(read_image_folder(data.path(), {0.2, 1}));
    for (const auto& name : validation_names(folder)) {
      if (name.starts_with("many/")) CHECK(after.count(name) == 1);
    }
  }
  SECTION("a training folder alone is split too") {
    TempFolder elsewhere;
    fs::copy(data.path(), elsewhere / "train", fs::copy_options::recursive);
    CHECK(validation_names(read_image_folder(elsewhere.path(), {0.2, 1})).size() == 11);
  }
  SECTION("a ratio of zero sets nothing aside, and one of one is refused") {
    CHECK(validation_names(read_image_folder(data.path(), {0.0, 1})).empty());
    CHECK(error_of(data.path(), {1.0, 1}).kind() == ErrorKind::usage);
  }
}

TEST_CASE("files that are no pictures by name are listed and left out") {
  TempFolder data;
  put_pictures(data / "a", 1);
  put_pictures(data / "b", 1);
  for (const char* name :
       {".DS_Store", "LICENSE", "Thumbs.db", "desktop.ini", "labels.CSV", "x.yaml"}) {
    put_file(data.path() / "a" / name, "");
  }
  put_file(data / ".git/config", "");
  put_file(data / "a/.ipynb_checkpoints/0.jpg", "");
  put_file(data / "__MACOSX/a/._0.jpg", "");
  REQUIRE(::mkfifo((data / "a/pipe.jpg").c_str(), 0600) == 0);
  const PictureSet folder = read_image_folder(data.path(), {});
  CHECK(names_of(folder) == std::vector<std::string>{"a/0.jpg", "b/0.jpg"});
  CHECK(folder.ignored == std::vector<std::string>{"a/.DS_Store", "a/LICENSE", "a/Thumbs.db",
                                                   "a/desktop.ini", "a/labels.CSV", "a/pipe.jpg",
                                                   "a/x.yaml"});
}

TEST_CASE("any bytes may be in a name") {
  TempFolder data;
  const std::vector<std::string> files = {"a b/\n\x1b[31m.jpg", "a b/ .jpg",
                                          "a b/" + std::string(255, 'x'), "a b/\xff\xfe.jpg",
                                          "\xe7\x8c\xab\n/'\".jpg"};
  for (const auto& name : files) put_file(data.path() / name, "");
  const PictureSet folder = read_image_folder(data.path(), {});
  CHECK(names_of(folder) == files);
  for (const auto& sample : folder.samples) CHECK(fs::exists(sample.file));
}

TEST_CASE("links are followed as long as they lead to files or stay in the data folder") {
  TempFolder data, elsewhere;
  put_pictures(data / "a", 1);
  put_pictures(data / "b", 1);
  put_pictures(data / "b/inner", 1);
  put_pictures(elsewhere / "folder", 3);
  const auto link = [&](const fs::path& target, const std::string& name) {
    fs::create_symlink(target, data / name);
  };
  link(elsewhere / "folder/0.jpg", "a/file");
  link("../b/inner", "a/folder");
  link("nowhere", "a/dangling");
  link("circle", "a/circle");
  link("..", "a/up");
  link(".", "a/self");
  link(elsewhere / "folder", "a/out");
  link("/", "a/root");
  link(".", "here");
  SECTION("a class that leads back is an error") {
    CHECK_THAT(error_of(data.path()).what(), Contains("here' is a link"));
  }
  fs::remove(data / "here");
  SECTION("inside a class") {
    const PictureSet folder = read_image_folder(data.path(), {});
    CHECK(names_of(folder) == std::vector<std::string>{"a/0.jpg", "a/circle", "a/dangling",
                                                       "a/file", "a/folder/0.jpg", "b/0.jpg",
                                                       "b/inner/0.jpg"});
    CHECK(folder.ignored == std::vector<std::string>{"a/out", "a/root", "a/self", "a/up"});
  }
  SECTION("a class that leads elsewhere is an error") {
    link(elsewhere / "folder", "c");
    CHECK_THAT(error_of(data.path()).what(), Contains("c' is a link"));
  }
}

TEST_CASE("folders that link to each other are read once per class") {
  TempFolder data;
  put_pictures(data / "a/x", 2);
  put_pictures(data / "b/y", 2);
  fs::create_symlink("../b", data / "a/to_b");
  fs::create_symlink("../a", data / "b/to_a");
  for (int i = 0; i < 50; ++i) {
    fs::create_symlink("../x", data.path() / "a/x" / ("loop" + std::to_string(i)));
  }
  CHECK(names_of(read_image_folder(data.path(), {})) ==
        std::vector<std::string>{"a/to_b/y/0.jpg", "a/to_b/y/1.jpg", "a/x/0.jpg", "a/x/1.jpg",
                                 "b/to_a/x/0.jpg", "b/to_a/x/1.jpg", "b/y/0.jpg", "b/y/1.jpg"});
}

TEST_CASE("folders too deep to open are listed and left out") {
  TempFolder data;
  put_pictures(data / "a", 1);
  put_pictures(data / "b", 1);
  const int home = ::open(".", O_RDONLY | O_DIRECTORY);
  REQUIRE(::chdir((data / "a").c_str()) == 0);
  const std::string name(250, 'd');
  int depth = 0;
  for (; depth < 20; ++depth) {
    REQUIRE(::mkdir(name.c_str(), 0700) == 0);
    REQUIRE(::chdir(name.c_str()) == 0);
  }
  std::ofstream("unreachable.jpg") << "x";
  REQUIRE(::fchdir(home) == 0);
  ::close(home);
  const PictureSet folder = read_image_folder(data.path(), {});
  CHECK(folder.samples.size() == 2);
  CHECK(folder.ignored.size() == 1);
}

TEST_CASE("a data folder that cannot be used says why") {
  TempFolder data;
  SECTION("it is not there") {
    const Error error = error_of(data / "nowhere");
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK_THAT(error.what(), Contains("there is no folder"));
  }
  SECTION("it is a file") {
    put_file(data / "file", "");
    CHECK_THAT(error_of(data / "file").what(), Contains("is a file"));
  }
  SECTION("it is empty") {
    const Error error = error_of(data.path());
    CHECK(error.kind() == ErrorKind::usage);
    CHECK_THAT(error.what(), Contains("no class folders"));
    CHECK_THAT(error.hint(), Contains("DATA/CLASS/picture.jpg"));
  }
  SECTION("its pictures lie loose") {
    put_pictures(data.path(), 3);
    CHECK_THAT(error_of(data.path()).what(), Contains("no class folders (3 files)"));
  }
  SECTION("it has one class") {
    put_pictures(data / "cat", 3);
    CHECK_THAT(error_of(data.path()).what(), Contains("only one class folder, 'cat'"));
  }
  SECTION("classes without pictures are all named") {
    put_pictures(data / "cat", 3);
    fs::create_directories(data / "dog/inner");
    put_file(data / "cow/readme.txt", "");
    CHECK_THAT(error_of(data.path()).what(),
               Contains("2 of 3 class folders") && Contains("'cow', 'dog'"));
  }
  SECTION("many classes without pictures are counted") {
    for (int i = 0; i < 100; ++i) fs::create_directories(data / fmt::format("c{}", i));
    const Error error = error_of(data.path());
    CHECK_THAT(error.what(), Contains("and 92 more"));
  }
  SECTION("validation has a class that training lacks") {
    put_pictures(data / "train/cat", 1);
    put_pictures(data / "train/dog", 1);
    put_pictures(data / "val/cow", 1);
    CHECK_THAT(error_of(data.path()).what(), Contains("'val/cow'"));
  }
  SECTION("the validation folder is empty") {
    put_pictures(data / "train/cat", 1);
    put_pictures(data / "train/dog", 1);
    fs::create_directories(data / "val/cat");
    CHECK_THAT(error_of(data.path()).what(), Contains("holds no pictures"));
  }
  SECTION("there are two validation folders") {
    for (const char* usage : {"train", "val", "eval"}) {
      put_pictures(data.path() / usage / "cat", 1);
      put_pictures(data.path() / usage / "dog", 1);
    }
    CHECK_THAT(error_of(data.path()).what(), Contains("two validation folders"));
  }
  SECTION("the training folder has another name") {
    put_pictures(data / "Training/cat", 1);
    put_pictures(data / "Validation/cat", 1);
    CHECK_THAT(error_of(data.path()).hint(), Contains("train, val and test"));
  }
}

TEST_CASE("a folder that may not be read is an io error") {
  TempFolder data;
  put_pictures(data / "a", 1);
  put_pictures(data / "b", 1);
  fs::permissions(data / "b", fs::perms::none);
  fs::permissions(data.path(), fs::perms::owner_all | fs::perms::others_all);
  // Root may read everything, so somebody else has to try.
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(99);
    try {
      read_image_folder(data.path(), {});
    } catch (const Error& error) {
      ::_exit(error.exit_code());
    }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  fs::permissions(data / "b", fs::perms::owner_all);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 5);
}

TEST_CASE("100,000 pictures are listed within two seconds of computing") {
  TempFolder data(memory_folder());
  bool all_made = true;
  for (int label = 0; label < 10; ++label) {
    const fs::path folder = data / fmt::format("class{}", label);
    fs::create_directories(folder);
    for (int i = 0; i < 10'000; ++i) {
      const std::string file = fmt::format("{}/{}.jpg", folder.string(), i);
      all_made = ::mknod(file.c_str(), S_IFREG | 0600, 0) == 0 && all_made;
    }
  }
  REQUIRE(all_made);
  const std::clock_t start = std::clock();
  const PictureSet folder = read_image_folder(data.path(), {});
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  CHECK(folder.samples.size() == 100'000);
  CHECK(validation_names(folder).size() == 20'000);
  CHECK(seconds < 2.0);
}

}  // namespace
}  // namespace mat
