#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <iostream>

#include "core/base/file.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace fs = std::filesystem;

namespace {

// A file system mounted for a test; needs the superuser and the right to mount.
class Mount {
 public:
  Mount(const char* type, const fs::path& source, const fs::path& place, unsigned long flags,
        const char* options)
      : place_(place) {
    fs::create_directories(place);
    is_there_ = ::mount(source.c_str(), place.c_str(), type, flags, options) == 0;
  }
  ~Mount() {
    if (is_there_) ::umount2(place_.c_str(), MNT_DETACH);
  }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;
  explicit operator bool() const { return is_there_; }

 private:
  fs::path place_;
  bool is_there_ = false;
};

bool skipped_without_mounts(bool is_mounted) {
  if (!is_mounted) std::cerr << "WARNING: skipped, nothing can be mounted here\n";
  return !is_mounted;
}

struct SmallProject {
  TemporaryFolder folder;
  MatProcess mat{folder};

  SmallProject() {
    draw_pictures(folder / "data", {"green", "red"}, 8);
    write_text(folder / "spec.yaml", small_spec("colours", "./data", 1));
  }
};

}  // namespace

TEST_CASE("a damaged registry is an error that says so, and is left as it is") {
  const SmallProject p;
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  for (const char* name : {"mat.db-wal", "mat.db-shm"}) fs::remove(p.mat.home() / name);
  const std::string garbage(20'000, 'x');
  write_text(p.mat.home() / "mat.db", garbage);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"version", "list"}, {"job", "create", "-f", "spec.yaml"}, {"job", "list", "--json"}}) {
    const Output output = p.mat.run(words);
    CHECK(output.exit_code == 5);
    CHECK(output.out.empty());
    CHECK(output.err.find("mat: error: ") == 0);
    CHECK(output.err.find("mat.db") != std::string::npos);
  }
  CHECK(read_file(p.mat.home() / "mat.db") == garbage);
  CHECK(p.mat.run({"doctor"}).exit_code == 5);
}

TEST_CASE("a full disk during training fails the version, and what was there stays") {
  const SmallProject p;
  const Mount disk("tmpfs", "tmpfs", p.mat.home(), 0, "size=40m");
  if (skipped_without_mounts(static_cast<bool>(disk))) return;
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  const std::string before = read_file(p.mat.home() / "jobs/colours/V0001/evaluation.json");
  // Fills up while the second version trains: its weights do not fit.
  const Output failed = p.mat.run({"job", "create", "-f", "spec.yaml", "--set",
                                   "algorithm=resnet18", "--set", "image_size=32"});
  CHECK(failed.exit_code == 5);
  CHECK(failed.err.find("No space left on device") != std::string::npos);
  CHECK(failed.err.find("hint: the disk is full") != std::string::npos);
  const Json list = p.mat.succeed({"version", "list", "colours", "--json"}).json();
  CHECK(list["versions"][0]["status"] == "Failed");
  CHECK(list["versions"][1]["status"] == "Completed");
  CHECK(read_file(p.mat.home() / "jobs/colours/V0001/evaluation.json") == before);
  p.mat.succeed({"version", "delete", "colours@2", "-y"});
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
}

TEST_CASE("a read-only home can be read, and writing to it is a clear error") {
  const SmallProject p;
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  const fs::path place = p.folder / "readonly";
  const Mount bind(nullptr, p.mat.home(), place, MS_BIND, nullptr);
  if (skipped_without_mounts(static_cast<bool>(bind))) return;
  REQUIRE(::mount(nullptr, place.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  const std::string home = place.string();
  CHECK(p.mat.succeed({"version", "list", "--json", "--home", home}).json()["total"] == 1);
  p.mat.succeed({"version", "show", "colours", "--home", home});
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"job", "create", "-f", "spec.yaml", "--home", home},
                                             {"job", "delete", "colours", "-y", "--home", home},
                                             {"experiment", "create", "x", "--home", home}}) {
    const Output output = p.mat.run(words);
    INFO(output.err);
    CHECK(output.exit_code == 5);
    CHECK(output.err.find("or choose another home with --home") != std::string::npos);
  }
  CHECK(p.mat.run({"doctor", "--home", home}).exit_code == 5);
}

TEST_CASE("doctor and show tell of files that are gone, and of an emptied registry") {
  const SmallProject p;
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  CHECK(p.mat.succeed({"doctor"}).out.find("folders") == std::string::npos);
  fs::remove_all(p.mat.home() / "jobs/colours/V0001");
  CHECK(p.mat.succeed({"doctor"}).out.find("the files of 1 version are gone: colours@V0001") !=
        std::string::npos);
  CHECK(p.mat.succeed({"version", "show", "colours@1"}).out.find("V0001 (it is gone)") !=
        std::string::npos);
  write_text(p.mat.home() / "mat.db", "");
  CHECK(p.mat.succeed({"doctor"}).out.find("jobs/colours/V0002") != std::string::npos);
}

TEST_CASE("a job whose folder cannot be removed keeps its rows too") {
  const SmallProject p;
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  const fs::path inside = p.mat.home() / "jobs/colours/V0001/output/mounted";
  const Mount disk("tmpfs", "tmpfs", inside, 0, "size=1m");
  if (skipped_without_mounts(static_cast<bool>(disk))) return;
  const Output denied = p.mat.run({"job", "delete", "colours", "-y"});
  CHECK(denied.exit_code == 5);
  CHECK(p.mat.succeed({"job", "show", "colours", "--json"}).json()["versions"] == 1);
  CHECK(fs::exists(p.mat.home() / "jobs/colours/V0001/evaluation.json"));
}

TEST_CASE("init makes the home that --home names") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  const std::string chosen = (folder / "chosen").string();
  CHECK(mat.succeed({"--home", chosen, "init", "--json"}).json()["home"] == chosen);
  CHECK(fs::exists(folder / "chosen/mat.db"));
  CHECK(read_file(folder / "chosen/.gitignore") == "*\n");
  CHECK_FALSE(fs::exists(folder / ".mat"));
  CHECK(mat.succeed({"--home", chosen, "init", "--json"}).json()["created"] == false);
  CHECK(mat.run({"--home", chosen, "init", "elsewhere"}).exit_code == 2);
  CHECK_FALSE(fs::exists(folder / "elsewhere"));

  write_text(folder / "repository/source.txt", "x");
  mat.succeed({"--home", (folder / "repository").string(), "init"});
  CHECK_FALSE(fs::exists(folder / "repository/.gitignore"));
}

TEST_CASE("a name that is too long and a working directory that is gone are errors, not bugs") {
  const SmallProject p;
  p.mat.succeed({"experiment", "create", "first"});
  CHECK(p.mat.run({"init", std::string(300, 'x')}).exit_code == 5);
  CHECK(p.mat.run({"--home", std::string(300, 'x'), "init"}).exit_code == 5);
  for (const char* command :
       {"init there", "job create -f spec.yaml", "job create --params q --name q",
        "version modify colours --set lr=1", "params edit quick --set lr=1"}) {
    const Output output = p.mat.run_in_shell("mkdir -p gone && cd gone && rmdir ../gone && mat " +
                                             std::string(command));
    INFO(command << ": " << output.err);
    CHECK((output.exit_code == 5 || output.exit_code == 3));
    CHECK(output.err.find("bug") == std::string::npos);
  }
}

TEST_CASE("an output that is full is no full disk, and no reason to choose another home") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  const Output full = mat.run_in_shell("mat completion bash >/dev/full");
  CHECK(full.exit_code == 5);
  CHECK(full.err == "mat: error: standard output cannot be written: No space left on device\n");
}

TEST_CASE("git is looked for on the PATH") {
  const TemporaryFolder folder;
  MatProcess mat(folder);
  const auto finds_git = [&] {
    return mat.run({"doctor"}).out.find("versions are recorded without a commit") ==
           std::string::npos;
  };
  mat.environment["PATH"] = (folder / "bin").string();
  CHECK_FALSE(finds_git());
  write_text(folder / "bin/git", "#!/bin/sh\nexit 0\n");
  fs::permissions(folder / "bin/git", fs::perms::owner_all);
  CHECK(finds_git());
}

TEST_CASE("a home that was moved still works") {
  SmallProject p;
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  fs::rename(p.mat.home(), p.folder / "elsewhere");
  p.mat.environment["MAT_HOME"] = (p.folder / "elsewhere").string();
  const Json version = p.mat.succeed({"version", "show", "colours", "--json"}).json();
  CHECK(fs::exists(version["folder"].get<std::string>() + "/evaluation.json"));
  p.mat.succeed({"version", "delete", "colours@1", "-y"});
  CHECK_FALSE(fs::exists(p.folder / "elsewhere/jobs/colours/V0001"));
}

#if defined(__x86_64__)
TEST_CASE("OpenBLAS computes with an Intel processor's own instructions, or doctor tells") {
  const TemporaryFolder folder;
  MatProcess mat(folder);
  mat.environment.erase("OPENBLAS_CORETYPE");
  const std::string out = mat.succeed({"doctor"}).out;
  const bool has_openblas = out.find("openblas") != std::string::npos;
  if (!has_openblas || !__builtin_cpu_is("intel") || !__builtin_cpu_supports("avx2")) {
    WARN("nothing to see here: another BLAS, or no Intel processor with AVX2");
    return;
  }
  CHECK(out.find("Prescott") == std::string::npos);
  mat.environment["OPENBLAS_CORETYPE"] = "PRESCOTT";
  const std::string slow = mat.succeed({"doctor"}).out;
  CHECK(slow.find("computes for an older processor (Prescott)") != std::string::npos);
  CHECK(slow.find("export OPENBLAS_CORETYPE=HASWELL") != std::string::npos);
}
#endif
