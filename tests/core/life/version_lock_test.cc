#include "core/life/version_lock.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/machine.h"
#include "tests/test_files.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Another process that runs the version of `folder` until it is killed.
class OtherRunner {
 public:
  explicit OtherRunner(const fs::path& folder) {
    std::array<int, 2> ready{};
    REQUIRE(::pipe(ready.data()) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const VersionLock lock = VersionLock::acquire(folder);
      if (::write(ready[1], "x", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
  }
  ~OtherRunner() { kill(); }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

void check_conflict(const fs::path& folder) {
  try {
    VersionLock::acquire(folder);
    FAIL("two runners have the same lock");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::conflict);
  }
}

TEST_CASE("a version is alive while its runner is, and dead once it was killed", "[life]") {
  const TempFolder folder;
  CHECK((liveness_of(folder.path()) == Liveness::no_runner));
  OtherRunner runner(folder.path());
  CHECK((liveness_of(folder.path()) == Liveness::alive));
  check_conflict(folder.path());
  runner.kill();
  CHECK((liveness_of(folder.path()) == Liveness::dead));

  const VersionLock again = VersionLock::acquire(folder.path());
  CHECK((liveness_of(folder.path()) == Liveness::alive));
  check_conflict(folder.path());
}

TEST_CASE("a lock file says which process of which machine runs the version", "[life]") {
  const TempFolder folder;
  const OtherRunner runner(folder.path());
  const Json content = parse_json(read_file(folder / "lock"), "lock");
  CHECK(content["pid"] == runner.pid());
  CHECK(content["host"] == this_machine().host);
  CHECK(content["boot_id"] == this_machine().boot_id);
  // The 22nd field: 20 after the name, whose closing bracket ends the second.
  const std::string stat = read_file(fmt::format("/proc/{}/stat", runner.pid()));
  CHECK_THAT(stat, Catch::Contains(fmt::format(" {} ", content["start"].dump())));
  CHECK(content["start"] > 0);
}

TEST_CASE("the runner that comes next replaces what the last one wrote", "[life]") {
  const TempFolder folder;
  put_file(folder / "lock", fmt::format(R"({{"host": "another", "boot_id": "x"}}{:200})", ""));
  const VersionLock lock = VersionLock::acquire(folder.path());
  CHECK(parse_json(read_file(folder / "lock"), "lock")["pid"] == ::getpid());
}

TEST_CASE("a version of another machine is left to it, unless this one was only started again",
          "[life]") {
  const TempFolder folder;
  const auto liveness_with = [&](const std::string& host, const std::string& boot_id) {
    put_file(folder / "lock", to_json_text({{"host", host}, {"boot_id", boot_id}}));
    return liveness_of(folder.path());
  };
  const Machine& here = this_machine();
  CHECK((liveness_with("elsewhere", "another") == Liveness::elsewhere));
  CHECK((liveness_with(here.host, "another") == Liveness::dead));
  // A container of this machine, with a host name of its own.
  CHECK((liveness_with("container", here.boot_id) == Liveness::dead));
  CHECK((liveness_with("", "") == Liveness::elsewhere));
}

TEST_CASE("a lock file with nothing in it was never a runner's, one with garbage is a dead one's",
          "[life]") {
  const TempFolder folder;
  put_file(folder / "lock", "");
  CHECK((liveness_of(folder.path()) == Liveness::no_runner));
  for (const std::string& garbage :
       {std::string("{"), std::string(100, '\0'), std::string("[1]"), std::string(1 << 20, '[')}) {
    put_file(folder / "lock", garbage);
    CHECK((liveness_of(folder.path()) == Liveness::dead));
  }
  put_file(folder / "lock", R"({"host": 1, "boot_id": ["x"]})");
  CHECK((liveness_of(folder.path()) == Liveness::elsewhere));
}

TEST_CASE("an empty file that is locked is a runner's that is about to write", "[life]") {
  const TempFolder folder;
  const FileDescriptor file(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::flock(file.get(), LOCK_EX) == 0);
  CHECK((liveness_of(folder.path()) == Liveness::alive));
}

TEST_CASE("asking whether a version is alive never keeps a runner from starting", "[life]") {
  const TempFolder folder;
  put_file(folder / "lock", "{}");
  std::atomic<bool> done = false;
  std::thread asking([&] {
    while (!done) liveness_of(folder.path());
  });
  bool has_started = true;
  for (int round = 0; round < 100 && has_started; ++round) {
    try {
      VersionLock::acquire(folder.path());
    } catch (const Error&) {
      has_started = false;
    }
  }
  done = true;
  asking.join();
  CHECK(has_started);
}

TEST_CASE("of many that start at once exactly one runs the version", "[life]") {
  const TempFolder folder;
  std::atomic<int> running = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      try {
        const VersionLock lock = VersionLock::acquire(folder.path());
        ++running;
        while (running + refused < 16) std::this_thread::yield();
      } catch (const Error&) {
        ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(running == 1);
  CHECK(refused == 15);
}

TEST_CASE("programs that a runner starts do not hold its lock", "[life]") {
  const TempFolder folder;
  std::array<int, 2> hold{};
  REQUIRE(::pipe2(hold.data(), O_CLOEXEC) == 0);
  pid_t child = 0;
  {
    const VersionLock lock = VersionLock::acquire(folder.path());
    std::array<int, 2> started{};
    REQUIRE(::pipe(started.data()) == 0);
    child = ::fork();
    if (child == 0) {
      ::dup2(hold[0], STDIN_FILENO);
      ::dup2(started[1], STDOUT_FILENO);
      ::close(started[0]);
      ::close(started[1]);
      ::execlp("sh", "sh", "-c", "echo; read line", nullptr);
      ::_exit(1);
    }
    ::close(started[1]);
    char byte = 0;
    REQUIRE(::read(started[0], &byte, 1) == 1);
    ::close(started[0]);
  }
  CHECK((liveness_of(folder.path()) == Liveness::dead));
  ::close(hold[1]);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE("a folder that is gone is an io error", "[life]") {
  const TempFolder folder;
  try {
    VersionLock::acquire(folder / "gone");
    FAIL("a lock without a folder");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::io);
  }
  CHECK((liveness_of(folder / "gone") == Liveness::no_runner));
}

TEST_CASE("a lock that cannot be written to is an io error and leaves nothing half written",
          "[life]") {
  const TempFolder folder;
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit full{10, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  CHECK_THROWS_AS(VersionLock::acquire(folder.path()), Error);
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, old_handler);
  CHECK((liveness_of(folder.path()) == Liveness::no_runner));
}

}  // namespace
}  // namespace mat
