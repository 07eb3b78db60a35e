#include "core/command/container.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

#include "core/base/child_process.h"
#include "tests/core/command/busybox_root.h"
#include "tests/core/command/test_command.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kEnvironment{"PATH=/usr/local/bin:/usr/bin:/bin"};

bool run_tool(const std::vector<std::string>& arguments) {
  return run_child(arguments, kEnvironment, {.seconds = 60}).exit_status == 0;
}

struct ContainerPlace : CommandPlace {
  Container container;

  ContainerPlace() {
    container.image = folder / "root";
    container.image_cache = folder / "images";
    fs::create_directories(folder / "data");
    std::ofstream(folder / "data" / "input") << "some data\n";
    container.read_only = {folder / "data"};
  }

  CommandRequest in_shell(const std::string& script) const {
    CommandRequest request = this->request({"sh", "-c", script});
    request.container = container;
    request.environment.push_back("DATA=" + (folder / "data").string());
    return request;
  }
};

// False, with the line that counts a test as skipped, where there can be no container.
bool can_run(const ContainerPlace& place) {
  const char* missing = nullptr;
  if (!fs::exists("/bin/busybox")) {
    missing = "busybox-static is not installed";
  } else {
    make_busybox_root(place.folder / "root");
    try {
      check_container(place.container, kEnvironment);
    } catch (const Error& e) {
      static std::string message;
      message = e.message();
      missing = message.c_str();
    }
  }
  if (missing == nullptr) return true;
  std::printf("WARNING: containers are not tested: %s\n", missing);
  return false;
}

TEST_CASE("a command runs in a root file system with its data and folders", "[container]") {
  ContainerPlace place;
  if (!can_run(place)) return;
  place.run(
      place.in_shell("cat /etc/made-for $DATA/input; pwd; id -u; echo made >$OUT/result; "
                     "echo here >note; echo '{\"f1\": 0.5}' >>$MAT_METRICS_FILE; "
                     "echo loss: 0.25; touch /tmp/x"));
  CHECK(place.log() == "a test\nsome data\n" + (place.folder / "code").string() + "\n" +
                           std::to_string(::getuid()) + "\nloss: 0.25\n");
  CHECK(read_file(place.version() / "output" / "result") == "made\n");
  CHECK(read_file(place.folder / "code" / "note") == "here\n");
  CHECK(place.observer.points.size() == 2);
  CHECK(place.observer.facts["exit_code"] == 0);
}

TEST_CASE("data and image cannot be changed, nothing else can be seen", "[container]") {
  ContainerPlace place;
  if (!can_run(place)) return;
  std::ofstream(place.version() / "environment.private") << "SECRET=x";
  const std::string outside = (place.version() / "environment.private").string();
  place.run(
      place.in_shell("touch $DATA/new || echo data is read-only; touch $DATA/input; "
                     "touch /etc/new || echo image is read-only; cat " +
                     outside + " || echo outside is not there; ls /proc/self/root/home"));
  const std::string log = place.log();
  CHECK(log.find("data is read-only") != std::string::npos);
  CHECK(log.find("image is read-only") != std::string::npos);
  CHECK(log.find("outside is not there") != std::string::npos);
  CHECK_FALSE(fs::exists(place.folder / "data" / "new"));
  CHECK_FALSE(fs::exists(place.folder / "root" / "etc" / "new"));
  CHECK(fs::is_empty(place.folder / "root" / "tmp"));
}

TEST_CASE("there is a network only when asked for", "[container]") {
  ContainerPlace place;
  if (!can_run(place)) return;
  const std::string interfaces = "cat /proc/net/dev";
  place.run(place.in_shell(interfaces));
  const std::string inside = place.log();
  CHECK(std::count(inside.begin(), inside.end(), ':') == 1);
  ContainerPlace second;
  REQUIRE(can_run(second));
  second.container.network = true;
  second.run(second.in_shell(interfaces));
  const std::string outside = read_file_if_exists("/proc/net/dev").value_or("");
  const std::string shared = second.log();
  CHECK(std::count(shared.begin(), shared.end(), '\n') ==
        std::count(outside.begin(), outside.end(), '\n'));
}

TEST_CASE("exit codes and signals come out of a container", "[container]") {
  ContainerPlace place;
  if (!can_run(place)) return;
  CHECK(place.failure(place.in_shell("exit 3")).message() == "the command exited with 3");
  CHECK(place.failure(place.in_shell("kill -SEGV $$")).message() ==
        "the command was killed by SIGSEGV");
}

TEST_CASE("a stop reaches the command in its container, and ends it", "[container]") {
  ContainerPlace place;
  if (!can_run(place)) return;
  const auto is_ready = [&] {
    return read_file_if_exists(place.version() / "log.txt").value_or("").find("ready") !=
           std::string::npos;
  };
  place.observer.stop = is_ready;
  CHECK(place
            .run(place.in_shell("trap 'echo saved; exit' TERM; setsid sleep 1000 & echo ready; "
                                "while :; do sleep 0.1; done"))
            .stopped);
  CHECK(place.log().find("saved") != std::string::npos);
  CHECK(place.marked_processes().empty());
}

TEST_CASE("a container may have mounts inside of its own folders", "[container]") {
  ContainerPlace place;
  if (!can_run(place)) return;
  const fs::path deep = place.folder / "root" / place.folder.path().relative_path() / "version";
  // Also where the image has a folder of the same name.
  fs::create_directories(deep);
  std::ofstream(deep / "of-the-image") << "x";
  place.run(place.in_shell("ls / /home; ls $OUT; echo ok"));
  CHECK(place.log().find("someone") != std::string::npos);
  CHECK(place.log().find("ok\n") != std::string::npos);
}

TEST_CASE("a tarball is unpacked once and then used from the cache", "[container]") {
  ContainerPlace place;
  if (!can_run(place)) return;
  const std::string tarball = (place.folder / "image.tar.gz").string();
  fs::permissions(place.folder / "root" / "bin" / "busybox", fs::perms(04755));
  REQUIRE(run_tool({"tar", "-czf", tarball, "-C", (place.folder / "root").string(), "."}));
  place.container.image = tarball;
  // Of one that was killed.
  fs::create_directories(place.folder / "images" / ".unpacking-0123456789abcdef" / "usr");
  place.run(place.in_shell("cat /etc/made-for"));
  CHECK(place.log() == "a test\n");
  const auto folders = [&] {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(place.folder / "images")) {
      if (entry.is_directory()) found.push_back(entry.path());
    }
    return found;
  };
  REQUIRE(folders().size() == 1);
  CHECK(folders()[0].filename().string().size() == 64);
  CHECK((fs::status(place.folder / "images").permissions() & fs::perms(0077)) == fs::perms::none);
  std::ofstream(folders()[0] / "etc" / "made-for") << "from the cache\n";
  place.run(place.in_shell("cat /etc/made-for"));
  CHECK(place.log() == "a test\nfrom the cache\n");
  CHECK(folders().size() == 1);
}

TEST_CASE("a stop ends the preparation of an image", "[container]") {
  ContainerPlace place;
  if (!can_run(place)) return;
  place.container.image = place.folder / "large.tar";
  std::ofstream{place.folder / "large.tar"};
  fs::resize_file(place.folder / "large.tar", std::uintmax_t{1} << 38);
  place.observer.stop = [] { return true; };
  CHECK(place.failure(place.in_shell("true")).kind() == ErrorKind::terminated);
}

TEST_CASE("a container has its own HOME and the like, but for those that the job sets",
          "[container]") {
  ContainerPlace place;
  if (!can_run(place)) return;
  CommandRequest request = place.in_shell("echo $HOME $TMPDIR $LD_LIBRARY_PATH");
  for (const char* variable : {"HOME=/h", "TMPDIR=/t", "LD_LIBRARY_PATH=/l"}) {
    request.environment.emplace_back(variable);
  }
  request.container->own_variables = {"TMPDIR"};
  place.run(request);
  request.container->own_variables = {"HOME", "LD_LIBRARY_PATH"};
  place.run(request);
  CHECK(place.log() == "/tmp /t\n/h /l\n");
}

TEST_CASE("a tarball that would write outside is refused", "[container]") {
  ContainerPlace place;
  if (!can_run(place)) return;
  const std::string script =
      "import io, sys, tarfile\n"
      "t = tarfile.open(sys.argv[1], 'w')\n"
      "def add(name, data=None, link=None):\n"
      "    i = tarfile.TarInfo(name)\n"
      "    if link: i.type = tarfile.SYMTYPE; i.linkname = link\n"
      "    if data: i.size = len(data)\n"
      "    t.addfile(i, io.BytesIO(data or b''))\n"
      "add('bin', link=sys.argv[2])\n"
      "add(sys.argv[3], b'escaped')\n"
      "t.close()\n";
  const fs::path target = place.folder / "target";
  fs::create_directories(target);
  for (const std::string& name : {std::string("../../escaped"), std::string("bin/escaped")}) {
    CAPTURE(name);
    const std::string tarball = (place.folder / "bad.tar").string();
    REQUIRE(run_tool({"python3", "-c", script, tarball, target.string(), name}));
    place.container.image = tarball;
    CHECK(place.failure(place.in_shell("true")).kind() == ErrorKind::usage);
    CHECK(fs::is_empty(target));
    CHECK_FALSE(fs::exists(place.folder / "escaped"));
    CHECK_FALSE(fs::exists(place.folder / "images" / "escaped"));
  }
}

TEST_CASE("an image that cannot be used is refused with what to do", "[container]") {
  ContainerPlace place;
  const auto refused = [&](const fs::path& image, const std::vector<std::string>& environment) {
    Container container = place.container;
    container.image = image;
    CommandRequest request = place.request({"sh", "-c", "true"});
    request.container = container;
    request.environment = environment;
    const Error error = place.failure(request);
    const bool is_absent = image.is_absolute() && !fs::exists(image);
    CHECK(error.kind() == (is_absent ? ErrorKind::not_found : ErrorKind::usage));
    return error;
  };
  CHECK(refused(place.folder / "none.tar", kEnvironment).message().find("there is no image") == 0);
  const std::vector<std::string> bare{"PATH=" + (place.folder / "bin").string()};
  std::ofstream(place.folder / "broken.tar") << "not a tarball";
  CHECK(refused(place.folder / "broken.tar", bare).hint().find("apt install bubblewrap") !=
        std::string::npos);
  CHECK(refused(place.folder / "data", bare).message().find("no root file system") !=
        std::string::npos);
  CHECK(refused("debian:12", bare).message().find("podman or docker") != std::string::npos);
  if (!can_run(place)) return;
  const std::string broken = refused(place.folder / "broken.tar", kEnvironment).message();
  CHECK(broken.find("cannot be unpacked: ") != std::string::npos);
  CHECK(broken.ends_with("This does not look like a tar archive"));
  CommandRequest request = place.in_shell("true");
  request.arguments = {"python3", "train.py"};
  CHECK(place.failure(request).message() ==
        "the container has no program 'python3' that can be executed");
}

// Says what it was called with, and ends like a container would.
constexpr const char* kEngine = R"(#!/bin/sh
echo "$@" >>"$ENGINE_CALLS"
case $1 in
  info) exit 0 ;;
  image) [ "$3" = known ] ;;
  run) echo "loss: 0.5 $X"; exit 137 ;;
esac
)";

TEST_CASE("an image's name goes to podman or docker", "[container]") {
  ContainerPlace place;
  fs::create_directories(place.folder / "bin");
  std::ofstream(place.folder / "bin" / "podman") << "#!/bin/sh\necho it is broken >&2; exit 1\n";
  std::ofstream(place.folder / "bin" / "docker") << kEngine;
  for (const char* name : {"podman", "docker"}) {
    fs::permissions(place.folder / "bin" / name, fs::perms(0755));
  }
  const std::string calls = (place.folder / "calls").string();
  CommandRequest request = place.in_shell("true");
  request.environment = {"PATH=" + (place.folder / "bin").string() + ":/usr/bin:/bin",
                         "ENGINE_CALLS=" + calls, "X=secret", "HOME=/nowhere"};
  request.container->image = "unknown";
  CHECK(place.failure(request).hint().find("docker pull unknown") != std::string::npos);
  request.container->image = "known";
  CHECK(place.failure(request).message() == "the command was killed by SIGKILL (out of memory?)");
  CHECK(place.log() == "loss: 0.5 secret\n");
  const std::string said = read_file(calls);
  CHECK(said.find("--network=none") != std::string::npos);
  CHECK(said.find("source=" + (place.folder / "data").string() + ",destination=" +
                  (place.folder / "data").string() + ",readonly") != std::string::npos);
  CHECK(said.find("--env=X ") != std::string::npos);
  CHECK(said.find("secret") == std::string::npos);
  CHECK(said.find("--env=PATH") == std::string::npos);
  CHECK(said.find("--env=HOME") == std::string::npos);
  CHECK(said.find("known sh -c true\n") != std::string::npos);
  CHECK(said.find("rm --force mat-") != std::string::npos);
  request.container->own_variables = {"PATH", "HOME"};
  place.failure(request);
  const std::string with_own = read_file(calls).substr(said.size());
  CHECK(with_own.find("--env=PATH ") != std::string::npos);
  CHECK(with_own.find("--env=HOME ") != std::string::npos);
}

TEST_CASE("what looks like a path is one", "[container]") {
  for (const char* path : {"/x", "./x", "../x", "~/x", "x.tar", "x.tar.gz", "a/b.tar.zst"}) {
    CHECK(is_image_path(path));
  }
  for (const char* name :
       {"debian", "debian:12", "docker.io/library/python:3.11", "a/b@sha256:c"}) {
    CHECK_FALSE(is_image_path(name));
  }
}

}  // namespace
}  // namespace mat
