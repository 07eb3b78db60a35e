#include "core/base/file.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <future>
#include <thread>

#include "core/base/error.h"

using namespace mat;

namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "mat-file-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::size_t count_files(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("a file is replaced whole and nothing else is left") {
  const Folder folder;
  write_file_atomic(folder / "a", "first");
  write_file_atomic(folder / "a", std::string("se\0cond", 7));
  CHECK(read_file(folder / "a") == std::string("se\0cond", 7));
  CHECK(count_files(folder.path()) == 1);
}

TEST_CASE("a write that fails keeps the old file and leaves no new one") {
  const Folder folder;
  write_file_atomic(folder / "a", "old");
  // A file size limit fails writes as a full disk does, in a process of its own.
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file_atomic(folder / "a", std::string(5000, 'x'));
    } catch (const Error& e) {
      ::_exit(e.kind() == ErrorKind::io ? 42 : 1);
    }
    ::_exit(2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 42);
  CHECK(read_file(folder / "a") == "old");
  CHECK(count_files(folder.path()) == 1);
}

TEST_CASE("reading names what is wrong") {
  const Folder folder;
  CHECK_FALSE(read_file_if_exists(folder / "none").has_value());
  CHECK_THROWS_AS(read_file(folder / "none"), Error);
  CHECK_THROWS_AS(read_file(folder.path()), Error);
  write_file_atomic(folder / "big", std::string(100, 'x'));
  CHECK_THROWS_AS(read_file(folder / "big", 99), Error);
  CHECK(read_file(folder / "big", 100).size() == 100);
}

TEST_CASE("reading a pipe without a writer does not wait") {
  const Folder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(read_file(folder / "pipe").empty());
}

TEST_CASE("a pipe is read to its end, however slowly it is written to") {
  const Folder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  // Open for both, so that neither end waits for the other to be opened.
  FileDescriptor pipe(::open((folder / "pipe").c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(pipe);
  std::future<std::string> content =
      std::async(std::launch::async, [&] { return read_file(folder / "pipe"); });
  REQUIRE(::write(pipe.get(), "first ", 6) == 6);
  int unread = 6;
  for (int i = 0; i < 3000 && unread > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    REQUIRE(::ioctl(pipe.get(), FIONREAD, &unread) == 0);
  }
  CHECK(unread == 0);
  CHECK(content.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  REQUIRE(::write(pipe.get(), "last", 4) == 4);
  pipe = FileDescriptor();
  CHECK(content.get() == "first last");
}

TEST_CASE("the size of a folder does not follow links") {
  const Folder folder;
  make_folders(folder / "x/y");
  write_file_atomic(folder / "x/y/a", std::string(1000, 'x'));
  fs::create_symlink("/usr", folder / "x/link");
  CHECK(folder_bytes(folder / "x") == 1000);
}

TEST_CASE("what can be removed is told from what cannot") {
  const Folder folder;
  make_folders(folder / "x/y");
  write_file_atomic(folder / "x/y/a", "x");
  CHECK_FALSE(why_not_removable(folder / "x").has_value());
  CHECK_FALSE(why_not_removable(folder / "none").has_value());
  // Permissions do not bind the superuser, so somebody else looks.
  fs::permissions(folder.path(), fs::perms(0755));
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(1);
    if (::geteuid() != 65534) ::chmod((folder / "x/y").c_str(), 0555);
    ::_exit(why_not_removable(folder / "x").has_value() ? 42 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  fs::permissions(folder / "x/y", fs::perms(0755));
  CHECK(WEXITSTATUS(status) == 42);
}
