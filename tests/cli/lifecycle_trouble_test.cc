#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <iostream>

#include "core/base/child_process.h"
#include "core/run/run_environment.h"
#include "tests/cli/lifecycle_fixture.h"

namespace mat::test {

namespace {

// A small ext4 in a file, which a fault makes read-only as a real one does. Needs the superuser,
// the right to mount, and a kernel that takes faults by order.
class Disk {
 public:
  Disk(fs::path image, fs::path place) : image_(std::move(image)), place_(std::move(place)) {
    write_text(image_, "");
    fs::resize_file(image_, 32 << 20);
    fs::create_directories(place_);
    is_mounted_ = has_worked({"mkfs.ext4", "-q", "-F", image_.string()}) && mount();
  }
  ~Disk() {
    if (is_mounted_) has_worked({"umount", "-l", place_.string()});
  }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  bool is_mounted() const { return is_mounted_; }
  bool can_fail() const { return fs::exists(fault()); }
  void fail() const { std::ofstream(fault()) << "1"; }

  bool mount_again() const {
    return has_worked({"umount", place_.string()}) &&
           has_worked({"sh", "-c", "e2fsck -f -y '" + image_.string() + "'; test $? -le 1"}) &&
           mount();
  }

 private:
  static bool has_worked(const std::vector<std::string>& words) {
    return run_child(words, environment_with({}), {.seconds = 60}).exit_status == 0;
  }
  bool mount() const {
    return has_worked({"mount", "-o", "loop,errors=remount-ro", image_.string(), place_.string()});
  }
  fs::path fault() const {
    struct stat info {};
    ::stat(place_.c_str(), &info);
    const std::string number =
        std::to_string(major(info.st_dev)) + ":" + std::to_string(minor(info.st_dev));
    std::error_code ignored;
    const fs::path device = fs::read_symlink("/sys/dev/block/" + number, ignored).filename();
    return fs::path("/sys/fs/ext4") / device / "trigger_fs_error";
  }

  const fs::path image_, place_;
  bool is_mounted_ = false;
};

}  // namespace

TEST_CASE("a copy of the home taken in the middle of a run opens with all that was finished") {
  Fixture f;
  const std::string done = f.write_spec("done.yaml", command_spec("done", R"(["true"])"));
  f.mat.succeed({"job", "create", "-f", done});
  const std::string spec = f.write_spec("job.yaml", command_spec("running", kUntilStopped));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(wait_until([&] { return f.log("running").find("begun") != std::string::npos; }));
  const fs::path copy = f.folder / "copy";
  fs::copy(f.mat.home(), copy, fs::copy_options::recursive);
  const std::vector<std::string> home{"--home", copy.string()};
  const auto status_in_copy = [&](const std::string& reference) {
    return f.mat.succeed({"--home", copy.string(), "version", "show", reference, "--json"})
        .json()["status"];
  };
  CHECK(status_in_copy("done") == "Completed");
  // As after a power failure: nobody holds its lock.
  CHECK(status_in_copy("running") == "Abnormal");
  CHECK(f.status("running") == "Running");
  f.mat.succeed({"version", "stop", "running"});
}

TEST_CASE("a version of another machine is left alone until it is given up") {
  Fixture f;
  const std::string spec = f.write_spec("job.yaml", command_spec("far", kUntilStopped));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(f.becomes("far", "Running"));
  const int pid = f.runner_of("far", "V0001");
  REQUIRE(wait_until([&] { return f.keepers().empty(); }));
  REQUIRE(::kill(pid, SIGKILL) == 0);
  // Before anybody looks: the home was another machine's.
  write_text(f.version_folder("far", "V0001") / "lock",
             R"({"host":"elsewhere","boot_id":"another","pid":1,"start":1})");
  CHECK(f.status("far") == "Running");
  CHECK(f.mat.run({"version", "delete", "far@1", "-y"}).exit_code == 4);
  f.mat.succeed({"version", "stop", "far", "--no-wait"});
  CHECK(f.status("far") == "Running");
  f.mat.succeed({"version", "stop", "far", "--force"});
  CHECK(f.status("far") == "Terminated");
  f.mat.succeed({"version", "delete", "far@1", "-y"});
}

TEST_CASE("the code of a pending version that is damaged meanwhile is not run") {
  Fixture f;
  f.start_blocker();
  write_text(f.folder / "src" / "train.sh", "echo begun");
  const std::string spec =
      f.write_spec("job.yaml", "name: c\nalgorithm: {command: [sh, train.sh], code: ./src}\n");
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  // What a power failure may leave of a file.
  const fs::path packed = f.version_folder("c", "V0001") / "code.tar";
  const auto size = fs::file_size(packed);
  fs::resize_file(packed, 0);
  fs::resize_file(packed, size);
  f.mat.succeed({"version", "stop", "blocker"});
  CHECK(f.mat.run({"version", "wait", "c"}).exit_code == 5);
  const Json shown = f.mat.succeed({"version", "show", "c", "--json"}).json();
  CHECK(shown["status"] == "Failed");
  CHECK(shown["status_reason"].get<std::string>().find("is not the code that was recorded") !=
        std::string::npos);
}

TEST_CASE("a home that becomes read-only in the middle of a run opens again with all that was") {
  Fixture f;
  const Disk disk(f.folder / "disk.img", f.mat.home());
  if (!disk.is_mounted() || !disk.can_fail()) {
    std::cerr << "WARNING: skipped, no disk can be mounted and made read-only here\n";
    return;
  }
  const std::string done = f.write_spec("done.yaml", command_spec("done", R"([echo, kept])"));
  f.mat.succeed({"job", "create", "-f", done});
  const std::string spec = f.write_spec(
      "job.yaml",
      command_spec("r", R"([sh, -c, "echo begun; while :; do echo on; sleep 0.05; done"])"));
  const pid_t runner = f.mat.start({"job", "create", "-f", spec});
  REQUIRE(wait_until([&] { return f.log("r").find("begun") != std::string::npos; }));
  disk.fail();
  // The run ends with an error by itself, and its command with it.
  const Output ended = f.mat.wait_for(runner);
  INFO(ended.err);
  CHECK(ended.exit_code == 5);
  CHECK(ended.err.find("mat: error: cannot") != std::string::npos);
  CHECK(f.mat.run({"job", "create", "-f", done}).exit_code == 5);
  REQUIRE(disk.mount_again());
  CHECK(f.status("r") == "Abnormal");
  CHECK(f.status("done") == "Completed");
  CHECK(f.log("done").find("kept") != std::string::npos);
  f.mat.succeed({"job", "create", "-f", done});
}

TEST_CASE("on a full disk what waits goes on waiting, says so, and starts when there is room") {
  Fixture f;
  const Disk disk(f.folder / "disk.img", f.mat.home());
  if (!disk.is_mounted()) {
    std::cerr << "WARNING: skipped, no disk can be mounted here\n";
    return;
  }
  f.start_blocker();
  const std::string next = f.write_spec("next.yaml", command_spec("next", R"(["true"])"));
  const std::vector<std::string> waiting{"next@1", "next@2", "next@3"};
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    f.mat.succeed({"job", "create", "-f", next, "-d"});
  }
  const fs::path ballast = f.mat.home() / "ballast";
  for (std::ofstream file(ballast, std::ios::binary); file.flush();) {
    file << std::string(4096, 'x');
  }
  f.mat.run({"version", "stop", "blocker"});
  CHECK(f.becomes("blocker", "Terminated"));
  for (const std::string& reference : waiting) {
    CHECK(wait_until([&] {
      const Json shown = f.mat.succeed({"version", "show", reference, "--json"}).json();
      return shown["reason"] == "waits for 16.0 MiB of room on the disk of the home";
    }));
  }
  fs::remove(ballast);
  for (const std::string& reference : waiting) {
    CHECK(f.mat.run({"version", "wait", reference}).exit_code == 0);
  }
}

TEST_CASE("a clock that is set back changes neither order nor pauses nor limits") {
  Fixture f;
  const fs::path library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
  if (!fs::exists(library)) {
    std::cerr << "WARNING: skipped, the package faketime is not installed\n";
    return;
  }
  const fs::path clock = f.folder / "clock";
  const auto set_clock = [&](const char* offset) {
    write_file_atomic(clock, std::string(offset) + "\n");
  };
  set_clock("+0");
  f.mat.environment["LD_PRELOAD"] = library.string();
  f.mat.environment["FAKETIME_TIMESTAMP_FILE"] = clock.string();
  f.mat.environment["FAKETIME_NO_CACHE"] = "1";
  f.mat.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
  f.start_blocker();
  const auto submit = [&](const std::string& name, const std::string& words,
                          const std::string& more = "") {
    const std::string file = f.write_spec(name + ".yaml", command_spec(name, words, more));
    f.mat.succeed({"job", "create", "-f", file, "-d"});
  };
  submit(
      "again",
      R"([sh, -c, "echo x >> $MAT_CHECKPOINT_DIR/n; [ $(wc -l < $MAT_CHECKPOINT_DIR/n) -ge 3 ]"])",
      "auto_restart: 5\npriority: -1\n");
  submit("first", R"(["true"])");
  set_clock("-3h");
  submit("second", R"(["true"])");
  submit("limited", kUntilStopped, "auto_stop: 1s\npriority: -2\n");
  // It has run since before.
  CHECK(f.mat.succeed({"version", "show", "blocker", "--json"}).json()["duration_s"] >= 0);
  CHECK(f.status("blocker") == "Running");
  f.mat.succeed({"version", "stop", "blocker"});
  REQUIRE(wait_until([&] { return f.log("again").find("attempt 1 failed") != std::string::npos; }));
  // Its next attempt is now hours away by the clock.
  set_clock("-6h");
  for (const char* done : {"first", "second", "again"}) {
    CHECK(f.mat.run({"version", "wait", done, "--timeout", "60"}).exit_code == 0);
  }
  CHECK(f.mat.run({"version", "wait", "limited", "--timeout", "60"}).exit_code == 6);
  CHECK(f.mat.succeed({"version", "show", "again", "--json"}).json()["attempts"] == 3);
  const Json listed = f.mat.succeed({"version", "list", "--json", "--limit", "0"}).json();
  for (const Json& version : listed["versions"]) {
    INFO(version);
    CHECK(version["duration_s"].get<double>() >= 0);
    CHECK(version["duration_s"].get<double>() < 3600);
  }
  for (const char* job : {"blocker", "first", "second"}) {
    std::vector<std::string> statuses;
    const Json shown = f.mat.succeed({"version", "show", job, "--json"}).json();
    for (const Json& change : shown["history"]) statuses.push_back(change["status"]);
    const std::string end = job == std::string("blocker") ? "Terminated" : "Completed";
    CHECK(statuses == std::vector<std::string>{"Initializing", "Pending", "Running", end});
  }
  // Both had the same priority: the first to be submitted was the first to run.
  CHECK(fs::last_write_time(f.version_folder("first", "V0001") / "log.txt") <
        fs::last_write_time(f.version_folder("second", "V0001") / "log.txt"));
}

}  // namespace mat::test
