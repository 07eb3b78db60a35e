#include "core/run/provenance.h"

#include <fmt/core.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <thread>

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

TEST_CASE("a clean repository gives its commit, branch and folder, also from below", "[run]") {
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

TEST_CASE("changes of tracked files make a repository dirty and are kept, staged or not", "[run]") {
  const TempFolder folder;
  make_repository(folder.path());
  put_file(folder / "file", "two\n");
  SECTION("staged") { git(folder.path(), {"add", "file"}); }
  SECTION("not staged") {}
  const Json facts = git_facts(folder.path());
  CHECK(facts["dirty"] == true);
  CHECK_THAT(facts["diff"].get<std::string>(), Catch::Contains("-one\n+two\n"));
}

TEST_CASE("a diff longer than 1 MiB is cut there and says so", "[run]") {
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
    "[run]") {
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
          "[run]") {
  const TempFolder folder;
  CHECK(git_facts(folder.path()).is_null());
  make_repository(folder.path());
  const Variable path("PATH", folder.path());
  CHECK(git_facts(folder.path()).is_null());
}

TEST_CASE("variables that a git hook sets do not lead to another repository", "[run]") {
  const TempFolder folder, other;
  make_repository(folder.path());
  make_repository(other.path());
  const Variable variable("GIT_DIR", other / ".git");
  CHECK(git_facts(folder.path())["repository"] == folder.path().string());
}

TEST_CASE("a repository that git does not trust gives git's words and no facts", "[run]") {
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

TEST_CASE("a damaged index leaves the commit, and no diff instead of a wrong one", "[run]") {
  const TempFolder folder;
  make_repository(folder.path());
  put_file(folder / ".git/index", "garbage");
  const Json facts = git_facts(folder.path());
  CHECK(facts["commit"].is_string());
  CHECK(facts["dirty"].is_null());
  CHECK_FALSE(facts.contains("diff"));
  CHECK(facts["note"] != "");
}

TEST_CASE("a repository's own programs do not run and nothing in it is written", "[run]") {
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

TEST_CASE("a git that hangs is given up", "[run]") {
  const TempFolder folder, programs;
  fs::create_directory(folder / ".git");
  put_file(programs / "git", "#!/bin/sh\nexec /bin/sleep 100\n");
  fs::permissions(programs / "git", fs::perms::owner_all);
  const Variable path("PATH", programs.path());
  const double start = monotonic_seconds();
  CHECK(git_facts(folder.path(), 0.2)["note"] == "git took too long");
  CHECK(monotonic_seconds() - start < 50);
}

TEST_CASE("the host's facts are there and plausible", "[run]") {
  const Json facts = host_facts();
  CHECK(facts["name"].get<std::string>() == this_machine().host);
  CHECK(facts["cores"] >= 1);
  CHECK(facts["memory_bytes"] > 16 << 20);
  CHECK_THAT(facts["os"].get<std::string>(), Catch::Contains("Linux"));
  CHECK(facts.contains("cpu"));
  CHECK(facts["boot_id"] == this_machine().boot_id);
}

TEST_CASE("usable cores follow the affinity of the thread", "[run]") {
  const int before = usable_cores();
  CHECK(before >= 1);
  CHECK(before <= static_cast<int>(std::thread::hardware_concurrency()));
  cpu_set_t old_set, one;
  REQUIRE(::sched_getaffinity(0, sizeof old_set, &old_set) == 0);
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &old_set)) CPU_SET(cpu, &one);
  }
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(usable_cores() == 1);
  ::sched_setaffinity(0, sizeof old_set, &old_set);
}

TEST_CASE("the quota of control groups is the smallest on the way up, in both versions", "[run]") {
  const TempFolder mount;
  CHECK_FALSE(control_group_cores("0::/a/b\n", mount.path()));
  put_file(mount / "a/b/cpu.max", "max 100000\n");
  CHECK_FALSE(control_group_cores("0::/a/b\n", mount.path()));
  put_file(mount / "a/cpu.max", "250000 100000\n");
  CHECK(control_group_cores("0::/a/b\n", mount.path()) == 2.5);
  put_file(mount / "cpu.max", "50000 100000\n");
  CHECK(control_group_cores("0::/a/b\n", mount.path()) == 0.5);

  const TempFolder old_mount;
  put_file(old_mount / "cpu/x/cpu.cfs_quota_us", "-1\n");
  put_file(old_mount / "cpu/x/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(control_group_cores("4:memory:/x\n1:cpu,cpuacct:/x\n", old_mount.path()));
  put_file(old_mount / "cpu/x/cpu.cfs_quota_us", "300000\n");
  CHECK(control_group_cores("4:memory:/x\n1:cpu,cpuacct:/x\n", old_mount.path()) == 3);
  CHECK_FALSE(control_group_cores("4:memory:/x\n", old_mount.path()));

  // In a container the host's path is not there, and the root of the mount is the container's
  // group.
  const TempFolder container;
  put_file(container / "cpu.max", "150000 100000\n");
  CHECK(control_group_cores("0::/docker/0123\n", container.path()) == 1.5);
}

TEST_CASE("control groups that make no sense are no limit", "[run]") {
  const TempFolder mount;
  for (const char* content :
       {"", "max", "100000", "x y", "0 100000", "100000 0", "-1 -1", "nan 1"}) {
    CAPTURE(content);
    put_file(mount / "cpu.max", content);
    CHECK_FALSE(control_group_cores("0::/\n", mount.path()));
  }
  put_file(mount / "cpu.max", "100000 100000");
  for (const char* groups : {"", "\n", "0", "0:", ":::", "x:y"}) {
    CAPTURE(groups);
    CHECK_NOTHROW(control_group_cores(groups, mount.path()));
  }
  CHECK(control_group_cores("0::/../../..\n", mount.path()) == 1);
}

TEST_CASE("a recorded command line hides the values of secrets and nothing else", "[run]") {
  const auto recorded = [](const std::vector<std::string>& arguments) {
    return command_line_facts(arguments).dump();
  };
  CHECK(recorded({"mat", "job", "create", "--set", "lr=0.1"}) ==
        R"-(["mat","job","create","--set","lr=0.1"])-");
  CHECK(recorded({"--set", "environment.API_KEY=abc=def", "x"}) ==
        R"-(["--set","environment.API_KEY=(hidden)","x"])-");
  CHECK(recorded({"--set=environment.X_TOKEN=abc"}) ==
        R"-(["--set=environment.X_TOKEN=(hidden)"])-");
  CHECK(recorded({"my_password=abc"}) == R"-(["my_password=(hidden)"])-");
  CHECK(recorded({"--token", "abc", "--name", "n"}) == R"-(["--token","(hidden)","--name","n"])-");
  CHECK(recorded({"--token=abc", "def"}) == R"-(["--token=(hidden)","def"])-");
  CHECK(recorded({"=", "a=", "==x", ""}) == R"-(["=","a=","==x",""])-");
  CHECK(recorded({"--secret", "--set", "x=1"}) == R"-(["--secret","(hidden)","x=1"])-");
}

}  // namespace
}  // namespace mat
