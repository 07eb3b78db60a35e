#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

#include "core/base/child_process.h"
#include "core/command/container.h"
#include "tests/core/command/busybox_root.h"
#include "tests/core/command/test_command.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Podman with a storage of its own, in which there is one image.
struct PodmanPlace : CommandPlace {
  std::vector<std::string> environment;

  PodmanPlace() {
    std::ofstream(folder / "storage.conf")
        << "[storage]\ndriver = \"vfs\"\ngraphroot = \"" << (folder / "storage").string()
        << "\"\nrunroot = \"" << (folder / "run").string() << "\"\n";
    // As little as possible of what a test's machine may not allow.
    std::ofstream(folder / "containers.conf")
        << "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1000:1000\"]\n"
           "[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = "
           "\"file\"\n";
    environment = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                   "HOME=" + folder.path().string(),
                   "CONTAINERS_STORAGE_CONF=" + (folder / "storage.conf").string(),
                   "CONTAINERS_CONF=" + (folder / "containers.conf").string()};
    fs::create_directories(folder / "data");
    std::ofstream(folder / "data" / "input") << "some data\n";
  }

  ChildResult podman(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "/usr/bin/podman");
    return run_child(arguments, environment, {.seconds = 60});
  }

  CommandRequest in_shell(const std::string& script,
                          const std::string& image = "mat-test:1") const {
    CommandRequest request = this->request({"sh", "-c", script});
    request.environment.insert(request.environment.end(), environment.begin() + 1,
                               environment.end());
    request.environment.push_back("DATA=" + (folder / "data").string());
    request.container = Container{};
    request.container->image = image;
    request.container->read_only = {folder / "data"};
    return request;
  }

  // False, with the line that counts a test as skipped, where podman cannot run anything.
  bool can_run() const {
    std::string missing;
    if (!fs::exists("/usr/bin/podman")) missing = "podman is not installed";
    if (!fs::exists("/bin/busybox")) missing = "busybox-static is not installed";
    if (missing.empty()) {
      make_busybox_root(folder / "root");
      const std::string tarball = (folder / "root.tar").string();
      run_child({"tar", "-cf", tarball, "-C", (folder / "root").string(), "."}, environment,
                {.seconds = 60});
      podman({"import", tarball, "mat-test:1"});
      const ChildResult alone = podman({"run", "--rm", "--network=none", "mat-test:1", "pwd"});
      if (alone.exit_status != 0) missing = alone.error.substr(0, alone.error.find('\n'));
    }
    if (missing.empty()) return true;
    std::printf("WARNING: podman is not tested: %s\n", missing.c_str());
    return false;
  }

  bool has_no_container() const { return podman({"ps", "--all", "--quiet"}).output.empty(); }
};

TEST_CASE("a command runs in an image of podman", "[container]") {
  PodmanPlace place;
  if (!place.can_run()) return;
  place.run(
      place.in_shell("cat /etc/made-for $DATA/input; pwd; id -u; echo made >$OUT/result; "
                     "echo here >note; echo '{\"f1\": 0.5}' >>$MAT_METRICS_FILE; "
                     "echo loss: 0.25; touch $DATA/new || echo data is read-only; "
                     "cat /proc/net/dev | while read name rest; do echo net $name; done"));
  const std::string log = place.log();
  CHECK(log.find("a test\nsome data\n" + (place.folder / "code").string() + "\n" +
                 std::to_string(::getuid()) + "\nloss: 0.25\n") == 0);
  CHECK(log.find("data is read-only") != std::string::npos);
  CHECK(log.find("net lo:") != std::string::npos);
  CHECK(log.find("net eth") == std::string::npos);
  CHECK_FALSE(fs::exists(place.folder / "data" / "new"));
  CHECK(read_file(place.version() / "output" / "result") == "made\n");
  CHECK(read_file(place.folder / "code" / "note") == "here\n");
  CHECK(place.observer.points.size() == 2);
  CHECK(place.failure(place.in_shell("exit 3")).message() == "the command exited with 3");
  CHECK(place.failure(place.in_shell("kill -SEGV $$")).message() ==
        "the command was killed by SIGSEGV");
  const Error unknown = place.failure(place.in_shell("true", "mat-test:2"));
  CHECK(unknown.kind() == ErrorKind::usage);
  CHECK(unknown.message() == "podman has no image 'mat-test:2'");
  CHECK(place.has_no_container());
}

TEST_CASE("a stop reaches the command in podman, and its end takes the container with it",
          "[container]") {
  PodmanPlace place;
  if (!place.can_run()) return;
  place.observer.stop = [&] {
    return read_file_if_exists(place.version() / "log.txt").value_or("").find("ready") !=
           std::string::npos;
  };
  SECTION("it listens") {
    CHECK(place
              .run(place.in_shell("trap 'echo saved; exit' TERM; setsid sleep 1000 & echo ready; "
                                  "while :; do sleep 0.1; done"))
              .stopped);
    CHECK(place.log().find("saved") != std::string::npos);
  }
  SECTION("it does not") {
    CommandRequest deaf = place.in_shell("trap '' TERM; echo ready; while :; do sleep 0.1; done");
    deaf.stop_grace_s = 1;
    const double begun_s = monotonic_seconds();
    CHECK(place.run(deaf).stopped);
    CHECK(monotonic_seconds() - begun_s < 30);
  }
  CHECK(comes_true([&] { return place.has_no_container(); }));
}

TEST_CASE("what podman cannot run is told as its failure", "[container]") {
  PodmanPlace place;
  if (!place.can_run()) return;
  std::ofstream(place.folder / "containers.conf") << "[containers]\ninit_path = \"/none\"\n";
  const Error error = place.failure(place.in_shell("true"));
  CHECK(error.message() == "podman or docker could not run the container (exit code 125)");
  CHECK(place.log().find("/none") != std::string::npos);
}

}  // namespace
}  // namespace mat
