#include "core/code/git_facts.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <map>

#include "core/base/child_process.h"
#include "core/base/file.h"
#include "core/base/time.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// A variable's value for one test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (old_) {
      ::setenv(name_, old_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

void git(const fs::path& folder, std::vector<std::string> words) {
  words.insert(words.begin(), {"git", "-C", folder.string(), "-c", "user.name=n", "-c",
                               "user.email=e@x", "-c", "init.defaultBranch=main"});
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  const ChildResult result = run_child(words, environment, {.seconds = 60});
  CAPTURE(words, result.error);
  REQUIRE(result.exit_status == 0);
}

// A repository with one commit of `file`.
void make_repository(const fs::path& folder) {
  git(folder, {"init", "-q"});
  put_file(folder / "file", "one\n");
  git(folder, {"add", "file"});
  git(folder, {"commit", "-q", "-m", "first"});
}

TEST_CASE("a clean repository gives its commit, branch and folder, also from below", "[code]") {
  const TempFolder folder;
  make_repository(folder.path());
  fs::create_directories(folder / "below/deep");
  put_file(folder / "untracked", "x");
  const Json facts = git_facts(folder / "below/deep");
  CHECK(facts["commit"].get<std::string>().size() == 40);
  CHECK(facts["branch"] == "main");
  CHECK(facts["dirty"] == false);
  CHECK(facts["diff"] == "");
  CHECK(facts["repository"] == folder.path().string());
  CHECK_FALSE(facts.contains("diff_cut"));
}

TEST_CASE("changes of tracked files make a repository dirty and are kept, staged or not",
          "[code]") {
  const TempFolder folder;
  make_repository(folder.path());
  put_file(folder / "file", "two\n");
  SECTION("staged") { git(folder.path(), {"add", "file"}); }
  SECTION("not staged") {}
  const Json facts = git_facts(folder.path());
  CHECK(facts["dirty"] == true);
  CHECK_THAT(facts["diff"].get<std::string>(), Catch::Contains("-one\n+two\n"));
}

TEST_CASE("a diff longer than 1 MiB is cut there and says so", "[code]") {
  const TempFolder folder;
  make_repository(folder.path());
  std::string large;
  for (int line = 0; line < 300'000; ++line) large += fmt::format("line {}\n", line);
  put_file(folder / "file", large);
  const Json facts = git_facts(folder.path());
  CHECK(facts["diff"].get<std::string>().size() == 1 << 20);
  CHECK(facts["diff_cut"] == true);
  CHECK(facts["dirty"] == true);
}

TEST_CASE(
    "a repository without a commit has none, and no branch's name is made up for a detached "
    "head",
    "[code]") {
  const TempFolder empty, detached;
  git(empty.path(), {"init", "-q"});
  CHECK(git_facts(empty.path())["commit"].is_null());
  CHECK(git_facts(empty.path())["repository"] == empty.path().string());
  make_repository(detached.path());
  git(detached.path(), {"checkout", "-q", "--detach"});
  CHECK(git_facts(detached.path())["branch"].is_null());
  CHECK(git_facts(detached.path())["commit"].is_string());
}

TEST_CASE("outside of a repository, without the folder and without git there are no facts",
          "[code]") {
  const TempFolder folder;
  CHECK(git_facts(folder.path()).is_null());
  make_repository(folder.path());
  const Variable path("PATH", folder.path());
  CHECK(git_facts(folder.path()).is_null());
}

TEST_CASE("variables that a git hook sets do not lead to another repository", "[code]") {
  const TempFolder folder, other;
  make_repository(folder.path());
  make_repository(other.path());
  const Variable variable("GIT_DIR", other / ".git");
  CHECK(git_facts(folder.path())["repository"] == folder.path().string());
}

TEST_CASE("a repository that git does not trust gives git's words and no facts", "[code]") {
  const TempFolder folder;
  make_repository(folder.path());
  const Variable configuration("GIT_CONFIG_GLOBAL", "/dev/null");
  const bool is_given_away = ::geteuid() == 0 && ::chown(folder.path().c_str(), 65534, 65534) == 0;
  if (!is_given_away) {
    std::cout << "WARNING: only root can give a repository to somebody else" << std::endl;
    return;
  }
  const Json facts = git_facts(folder.path());
  REQUIRE(facts.contains("note"));
  CHECK_THAT(facts["note"].get<std::string>(), Catch::Contains("dubious ownership"));
  CHECK_FALSE(facts.contains("commit"));
}

TEST_CASE("a damaged index leaves the commit, and no diff instead of a wrong one", "[code]") {
  const TempFolder folder;
  make_repository(folder.path());
  put_file(folder / ".git/index", "garbage");
  const Json facts = git_facts(folder.path());
  CHECK(facts["commit"].is_string());
  CHECK(facts["dirty"].is_null());
  CHECK_FALSE(facts.contains("diff"));
  CHECK(facts["note"] != "");
}

TEST_CASE("a repository's own programs do not run and nothing in it is written", "[code]") {
  const TempFolder folder;
  make_repository(folder.path());
  const std::string trap = fmt::format("touch '{}'; cat", (folder / "trapped").string());
  for (const char* key :
       {"core.fsmonitor", "diff.external", "core.pager", "diff.x.textconv", "diff.x.command"}) {
    git(folder.path(), {"config", key, trap});
  }
  put_file(folder / ".gitattributes", "* diff=x\n");
  put_file(folder / "file", "two\n");
  const auto index_time = fs::last_write_time(folder / ".git/index");
  CHECK(git_facts(folder.path())["dirty"] == true);
  CHECK_FALSE(fs::exists(folder / "trapped"));
  CHECK(fs::last_write_time(folder / ".git/index") == index_time);
  // The trap does work where nobody takes care.
  run_child({"git", "-C", folder.path().string(), "diff", "HEAD"}, {"PATH=/usr/bin:/bin"}, {});
  CHECK(fs::exists(folder / "trapped"));
}

TEST_CASE("a git that hangs is given up", "[code]") {
  const TempFolder folder, programs;
  fs::create_directory(folder / ".git");
  put_file(programs / "git", "#!/bin/sh\nexec /bin/sleep 100\n");
  fs::permissions(programs / "git", fs::perms::owner_all);
  const Variable path("PATH", programs.path());
  const double start = monotonic_seconds();
  CHECK(git_facts(folder.path(), 0.2)["note"] == "git took too long");
  CHECK(monotonic_seconds() - start < 50);
}

}  // namespace
}  // namespace mat
