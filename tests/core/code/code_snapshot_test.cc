#include "core/code/code_snapshot.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/code/git.h"
#include "core/code/unpack_code.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

using Paths = std::set<std::string>;

struct Project {
  TempFolder folder;
  fs::path code = folder / "code";
  fs::path copy = folder / "copy";

  Project() { fs::create_directories(code); }

  void write(const std::string& path, const std::string& text = "x") const {
    fs::create_directories((code / path).parent_path());
    std::ofstream(code / path, std::ios::binary) << text;
  }

  void git(const std::vector<std::string>& words) const {
    const ChildResult result = run_git(code, words, {.seconds = 60});
    INFO(result.error);
    REQUIRE(result.exit_status == 0);
  }

  fs::path archive = folder / "code.tar";

  // Packs and unpacks.
  Json take(const SnapshotLimits& limits = {}) const { return take_from(code, limits); }

  Json take_from(const fs::path& from, const SnapshotLimits& limits = {}) const {
    Json facts = snapshot_code(from, archive, limits);
    fs::remove_all(copy);
    unpack_code(archive, copy, facts["xxh3"].get<std::string>());
    return facts;
  }

  Paths copied() const {
    Paths paths;
    for (const auto& entry : fs::recursive_directory_iterator(copy)) {
      if (!entry.is_directory() || entry.is_symlink()) {
        paths.insert(entry.path().lexically_relative(copy).string());
      }
    }
    return paths;
  }

  std::string refusal(const SnapshotLimits& limits) const {
    try {
      take(limits);
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::usage);
      return e.message();
    }
    return "nothing was thrown";
  }
};

// What a shell finds while it lives, which has no git.
class EmptyPath {
 public:
  EmptyPath() : before_(::getenv("PATH")) { ::setenv("PATH", "/nonexistent", 1); }
  ~EmptyPath() { ::setenv("PATH", before_.c_str(), 1); }
  EmptyPath(const EmptyPath&) = delete;
  EmptyPath& operator=(const EmptyPath&) = delete;

 private:
  std::string before_;
};

bool has_note(const Json& facts, const std::string& part) {
  for (const Json& note : facts["notes"]) {
    if (note.get<std::string>().find(part) != std::string::npos) return true;
  }
  return false;
}

void write_ignored_tree(const Project& p) {
  p.write(".gitignore", "*.log\n/data/\n!keep.log\n");
  p.write("train.py", "print(1)");
  p.write("lib/a.py");
  p.write("lib/.gitignore", "b.py\n");
  p.write("lib/b.py");
  p.write("run.log");
  p.write("keep.log");
  p.write("data/large.bin");
}

const Paths kKept{".gitignore", "keep.log", "lib/.gitignore", "lib/a.py", "train.py"};

TEST_CASE("a snapshot of a repository is what git would keep", "[code]") {
  const Project p;
  write_ignored_tree(p);
  p.git({"init", "--quiet"});
  p.write("deleted.py");
  p.write("tracked.log");
  p.git({"add", "-f", "deleted.py", "tracked.log", "train.py"});
  fs::remove(p.code / "deleted.py");
  const Json facts = p.take();
  Paths wanted = kKept;
  wanted.insert("tracked.log");
  CHECK(p.copied() == wanted);
  CHECK(facts["files"] == wanted.size());
  CHECK(facts["notes"].empty());
  CHECK(read_file(p.copy / "train.py") == "print(1)");
}

TEST_CASE("a folder within a repository obeys the rules above it", "[code]") {
  const Project p;
  p.write("code/train.py");
  p.write("code/run.log");
  p.write("other.py");
  p.write(".gitignore", "*.log\n");
  p.git({"init", "--quiet"});
  p.take_from(p.code / "code");
  CHECK(p.copied() == Paths{"train.py"});
}

TEST_CASE("a folder that the repository around it ignores is copied by its own rules", "[code]") {
  const Project p;
  p.write(".gitignore", "/generated/\n");
  p.write("generated/train.py");
  p.write("generated/.gitignore", "*.log\n");
  p.write("generated/run.log");
  p.git({"init", "--quiet"});
  const Json facts = p.take_from(p.code / "generated");
  CHECK(p.copied() == Paths{".gitignore", "train.py"});
  CHECK(has_note(facts, "git ignores this folder"));
}

TEST_CASE("where git fails, nothing is copied and its own words are told", "[code]") {
  const Project p;
  write_ignored_tree(p);
  p.git({"init", "--quiet"});
  std::ofstream(p.code / ".git/config", std::ios::app) << "[broken\n";
  CHECK_THROWS_WITH(p.take(), Catch::Contains("git cannot list the code in '" + p.code.string() +
                                              "': fatal: bad config line"));
  CHECK_FALSE(fs::exists(p.archive));
}

TEST_CASE("a folder whose repository has no files of its own obeys its .gitignore too", "[code]") {
  const Project p;
  p.write("train.py");
  p.git({"init", "--quiet"});
  p.git({"config", "core.bare", "true"});
  p.take();
  CHECK(p.copied() == Paths{"train.py"});
}

TEST_CASE("a folder in no repository obeys its .gitignore too", "[code]") {
  const Project p;
  write_ignored_tree(p);
  const Json facts = p.take();
  CHECK(p.copied() == kKept);
  CHECK(facts["notes"].empty());
  CHECK_FALSE(fs::exists(p.code / ".git"));
}

TEST_CASE("without git everything but .git is copied, and that is told", "[code]") {
  const Project p;
  write_ignored_tree(p);
  p.write(".git/config");
  p.write("lib/.git/config");
  const EmptyPath no_git;
  const Json facts = p.take();
  CHECK(p.copied().size() == 8);
  CHECK(has_note(facts, "there is no git"));
}

TEST_CASE("repositories within the folder are parts of it", "[code]") {
  const Project p;
  p.git({"init", "--quiet"});
  p.write("train.py");
  p.write("vendor/x/lib.py");
  p.write("vendor/x/.gitignore", "*.log\n");
  p.write("vendor/x/a.log");
  REQUIRE(run_git(p.code / "vendor/x", {"init", "--quiet"}, {.seconds = 60}).exit_status == 0);
  p.take();
  CHECK(p.copied() == Paths{"train.py", "vendor/x/.gitignore", "vendor/x/lib.py"});
}

TEST_CASE("links are kept where they stay within the folder", "[code]") {
  const Project p;
  p.write("lib/a.py");
  fs::create_symlink("lib/a.py", p.code / "good");
  fs::create_symlink("../good", p.code / "lib/up");
  fs::create_symlink("not-yet", p.code / "dangling");
  fs::create_directory_symlink("lib", p.code / "folder");
  fs::create_symlink("/etc/passwd", p.code / "absolute");
  fs::create_symlink("../../secret", p.code / "lib/out");
  fs::create_symlink("lib/out", p.code / "by_way");
  fs::create_symlink("loop", p.code / "loop");
  fs::create_symlink("../code/lib/a.py", p.code / "around");
  std::ofstream(p.folder / "secret") << "s";
  const Json facts = p.take();
  CHECK(p.copied() == Paths{"dangling", "folder", "good", "lib/a.py", "lib/up"});
  CHECK(fs::read_symlink(p.copy / "good") == "lib/a.py");
  CHECK(read_file(p.copy / "lib/up") == "x");
  for (const char* name : {"absolute", "lib/out", "by_way", "loop", "around"}) {
    INFO(name);
    CHECK(has_note(facts, std::string("the link '") + name + "' was left out"));
  }
}

TEST_CASE("odd files are left out and hostile names are safe", "[code]") {
  const Project p;
  REQUIRE(::mkfifo((p.code / "pipe").c_str(), 0600) == 0);
  const Paths names{"-rf", "a\nb", "$(id)", "a'b\"c", "\xff\xfe", " space ", "--git-dir=x"};
  for (const std::string& name : names) p.write(name);
  const Json facts = p.take();
  CHECK(p.copied() == names);
  CHECK(has_note(facts, "'pipe' was left out: it is no file"));
  CHECK_NOTHROW(to_json_text(facts));
  const EmptyPath no_git;
  fs::remove_all(p.copy);
  CHECK(has_note(p.take(), "'pipe' was left out"));
  CHECK(p.copied() == names);
}

TEST_CASE("pipes beside the code are told, in a repository and in those within it", "[code]") {
  const Project p;
  write_ignored_tree(p);
  p.write("vendor/x/lib.py");
  const auto make_pipe = [&](const std::string& path) {
    REQUIRE(::mkfifo((p.code / path).c_str(), 0600) == 0);
  };
  for (const char* path : {"pipe", "lib/pipe", "vendor/x/-pipe", "lib/ignored.log", "data/pipe"}) {
    make_pipe(path);
  }
  const auto check = [&] {
    const Json facts = p.take();
    Paths wanted = kKept;
    wanted.insert("vendor/x/lib.py");
    CHECK(p.copied() == wanted);
    CHECK(facts["notes"].size() == 3);
    for (const char* path : {"'pipe'", "'lib/pipe'", "'vendor/x/-pipe'"}) {
      INFO(path);
      CHECK(has_note(facts, std::string(path) + " was left out: it is no file"));
    }
  };
  check();
  p.git({"init", "--quiet"});
  REQUIRE(run_git(p.code / "vendor/x", {"init", "--quiet"}, {.seconds = 60}).exit_status == 0);
  check();
}

TEST_CASE("executable files stay executable", "[code]") {
  const Project p;
  p.write("run.sh", "#!/bin/sh\n");
  p.write("text");
  fs::permissions(p.code / "run.sh", fs::perms::owner_all);
  p.take();
  const auto is_executable = [&](const char* name) {
    return (fs::status(p.copy / name).permissions() & fs::perms::owner_exec) != fs::perms::none;
  };
  CHECK(is_executable("run.sh"));
  CHECK_FALSE(is_executable("text"));
}

TEST_CASE("code that is too large is refused before anything is copied", "[code]") {
  const Project p;
  p.write("small", std::string(10, 'x'));
  p.write("data/a.bin", std::string(4000, 'x'));
  p.write("data/b.bin", std::string(3000, 'x'));
  p.write("data/c.bin", std::string(2000, 'x'));
  CHECK(p.refusal({.bytes = 5000}) ==
        "the code in '" + p.code.string() +
            "' is 9.0 kB, more than its limit of 5.0 kB; the largest: data/a.bin (4.0 kB), "
            "data/b.bin (3.0 kB), data/c.bin (2.0 kB)");
  CHECK(p.refusal({.bytes = 8 << 10}).find("is 8.8 KiB, more than its limit of 8.0 KiB") !=
        std::string::npos);
  CHECK_THROWS_WITH(check_snapshot(p.code, {.bytes = 5000}), Catch::Contains("limit of 5.0 kB"));
  CHECK(p.refusal({.files = 3}).find("is 4 files, more than 3") != std::string::npos);
  CHECK_FALSE(fs::exists(p.archive));
  p.take({.bytes = 9010});
  CHECK(p.copied().size() == 4);
}

TEST_CASE("the hash is that of the code", "[code]") {
  const Project p;
  p.write("a", "1");
  p.write("b", "2");
  const Json first = p.take();
  CHECK(first["xxh3"].get<std::string>().size() == 32);
  CHECK(first["bytes"] == 2);
  CHECK(snapshot_code(p.code, p.folder / "again")["xxh3"] == first["xxh3"]);
  std::set<std::string> hashes{first["xxh3"].get<std::string>()};
  const auto is_new = [&] { return hashes.insert(p.take()["xxh3"].get<std::string>()).second; };
  p.write("b", "3");
  CHECK(is_new());
  fs::permissions(p.code / "b", fs::perms::owner_all);
  CHECK(is_new());
  fs::rename(p.code / "b", p.code / "c");
  CHECK(is_new());
  fs::create_symlink("c", p.code / "b");
  CHECK(is_new());
}

TEST_CASE("a snapshot into the folder itself leaves itself and homes out", "[code]") {
  const Project p;
  p.write("train.py");
  p.write("home/mat.db");
  const fs::path to = p.code / "packed.tar";
  snapshot_code(p.code, to, {}, {p.code / "home"});
  const Json second = snapshot_code(p.code, to, {}, {p.code / "home"});
  CHECK(second["files"] == 1);
  unpack_code(to, p.copy, second["xxh3"].get<std::string>());
  CHECK(p.copied() == Paths{"train.py"});
}

TEST_CASE("a code folder that is not there is not found, and a file is a usage error", "[code]") {
  const Project p;
  p.write("file");
  const auto kind = [&](const fs::path& path) {
    try {
      snapshot_code(path, p.copy);
    } catch (const Error& e) {
      return e.kind();
    }
    return ErrorKind::bug;
  };
  CHECK(kind(p.code / "none") == ErrorKind::not_found);
  CHECK(kind(p.code / "file") == ErrorKind::usage);
  CHECK_THROWS_WITH(snapshot_code(p.code / "none", p.copy), Catch::Contains("no code folder"));
  CHECK_THROWS_WITH(snapshot_code(p.code / "file", p.copy), Catch::Contains("is no folder"));
  CHECK(snapshot_code(p.code / "." / "..", p.copy)["files"] == 1);
}

}  // namespace
}  // namespace mat
