#include "core/registry/database.h"

#include <signal.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/core/registry/child.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

void add_versions(Registry registry, int count) {
  registry.create_versions(std::vector<NewVersion>(
      static_cast<std::size_t>(count), new_version("clothes", {{"lr", 0.1}, {"epochs", 10}})));
}

std::set<std::string> files_below(const fs::path& folder) {
  std::set<std::string> files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) files.insert(entry.path());
  return files;
}

// Both ways of opening, and reading from all tables.
void use(const RegistryHome& home, Registry::Mode mode) {
  Registry registry(home.home(), mode);
  registry.list_jobs({});
  const auto listing = registry.list_versions("clothes", {0, parse_filter("lr > 0"), {}});
  for (const auto& version : listing.rows) registry.version(version.id);
}

void check_damaged(const RegistryHome& home, Registry::Mode mode) {
  const Error error = error_of([&] { use(home, mode); });
  CAPTURE(error.message());
  CHECK(error.kind() == ErrorKind::io);
  CHECK(error.message().find("the registry '" + home.home().database().string() +
                             "' is damaged: ") == 0);
  CHECK_FALSE(error.hint().empty());
}

}  // namespace

TEST_CASE("Reading an absent registry finds nothing and makes nothing") {
  const RegistryHome home;
  Registry registry = home.reader();
  CHECK(registry.list_jobs({}).rows.empty());
  CHECK(registry.list_experiments({}).total == 0);
  CHECK(registry.list_params({}).total == 0);
  CHECK(registry.active_versions().empty());
  CHECK_FALSE(registry.find_job("clothes"));
  CHECK(error_of([&] { registry.version("clothes"); }).kind() == ErrorKind::not_found);
  CHECK_FALSE(fs::exists(home.home().root));
}

TEST_CASE("Reading leaves the home as it was") {
  const RegistryHome home;
  add_versions(home.writer(), 3);
  const auto before = files_below(home.home().root);
  const std::string bytes = read_file(home.home().database());
  use(home, Registry::Mode::read);
  CHECK(files_below(home.home().root) == before);
  CHECK(read_file(home.home().database()) == bytes);
}

TEST_CASE("A registry that was opened for reading cannot be written to") {
  const RegistryHome home;
  home.writer();
  Registry registry = home.reader();
  CHECK(error_of([&] { registry.create_experiment("one", ""); }).kind() == ErrorKind::bug);
  CHECK(error_of([&] { registry.create_version(new_version("clothes"), ""); }).kind() ==
        ErrorKind::bug);
  CHECK(registry.list_experiments({}).total == 0);
  CHECK_FALSE(fs::exists(home.home().jobs()));
}

TEST_CASE("A home that cannot be made is an error that names it") {
  const RegistryHome home;
  std::ofstream(home.home().root) << "a file";
  const Error error = error_of([&] { home.writer(); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(error.message().find(home.home().root.string()) != std::string::npos);
}

TEST_CASE("A folder where the registry should be is an error") {
  const RegistryHome home;
  fs::create_directories(home.home().database());
  CHECK(error_of([&] { home.writer(); }).kind() == ErrorKind::io);
  CHECK(error_of([&] { home.reader(); }).kind() == ErrorKind::io);
}

TEST_CASE("Another program's database is refused and left as it was") {
  const RegistryHome home;
  fs::create_directories(home.home().root);
  {
    SQLite::Database other(home.home().database().string(),
                           SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    other.exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  }
  const std::string before = read_file(home.home().database());
  for (const auto mode : {Registry::Mode::read, Registry::Mode::write}) {
    const Error error = error_of([&] { Registry(home.home(), mode); });
    CHECK(error.kind() == ErrorKind::io);
    CHECK(error.message().find("is the database of another program") != std::string::npos);
  }
  CHECK(read_file(home.home().database()) == before);
}

TEST_CASE("A damaged registry is an error that says so, not a crash and not an empty list") {
  const auto mode = GENERATE(Registry::Mode::read, Registry::Mode::write);
  const RegistryHome home;
  add_versions(home.writer(), 500);
  std::string bytes = read_file(home.home().database());
  REQUIRE(bytes.size() > 100'000);
  SECTION("text instead of a database") { bytes = std::string(20'000, 'x'); }
  SECTION("cut in the middle of a page") { bytes.resize(bytes.size() / 2 + 100); }
  SECTION("cut after the first page") { bytes.resize(4096); }
  SECTION("pages of noise") {
    for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7919);
  }
  SECTION("pages of zeros") { std::fill(bytes.begin() + 4096, bytes.end(), '\0'); }
  std::ofstream(home.home().database(), std::ios::binary) << bytes;
  check_damaged(home, mode);
}

TEST_CASE("Any flipped byte gives rows or an error, never a crash") {
  const RegistryHome home;
  add_versions(home.writer(), 30);
  const std::string bytes = read_file(home.home().database());
  const ChildEnd result = run_in_child([&] {
    for (std::size_t i = 0; i < 400; ++i) {
      std::string damaged = bytes;
      damaged[(i * 2654435761U) % damaged.size()] ^= static_cast<char>(1 + i % 255);
      std::ofstream(home.home().database(), std::ios::binary) << damaged;
      const Error error = error_of([&] { use(home, Registry::Mode::read); });
      const bool is_expected =
          error.message() == "nothing was thrown" || error.kind() == ErrorKind::io ||
          error.kind() == ErrorKind::not_found || error.kind() == ErrorKind::usage;
      expect(is_expected, std::to_string(i) + ": " + error.message());
    }
  });
  CHECK(result.problem == "");
}

TEST_CASE("A registry in a folder without write access is read") {
  const RegistryHome home;
  fs::permissions(home.home().root.parent_path(), fs::perms::all);
  add_versions(home.writer(), 3);
  const ChildEnd result = run_as_nobody(home.home().root, [&] {
    fs::permissions(home.home().database(), fs::perms::owner_read);
    fs::permissions(home.home().root, fs::perms::owner_read | fs::perms::owner_exec);
    expect(home.reader().list_versions("clothes", {}).total == 3, "three versions");
    const Error error = error_of([&] { home.writer(); });
    expect(error.kind() == ErrorKind::io, "an io error: " + error.message());
    expect(!error.hint().empty(), "a hint");
    fs::permissions(home.home().root, fs::perms::owner_all);
  });
  CHECK(result.problem == "");
}

TEST_CASE("Without write access, what the last writer did not finish is not passed over") {
  const RegistryHome home;
  fs::permissions(home.home().root.parent_path(), fs::perms::all);
  add_versions(home.writer(), 3);
  // A writer that is killed leaves its log, which holds the fourth version.
  run_in_child([&] {
    Registry registry = home.writer();
    registry.create_versions({new_version("clothes")});
    ::raise(SIGKILL);
  });
  REQUIRE(fs::file_size(home.home().database().string() + "-wal") > 0);
  const ChildEnd result = run_as_nobody(home.home().root, [&] {
    fs::remove(home.home().database().string() + "-shm");
    fs::permissions(home.home().database(), fs::perms::owner_read);
    fs::permissions(home.home().root, fs::perms::owner_read | fs::perms::owner_exec);
    const Error error = error_of([&] { home.reader(); });
    expect(error.kind() == ErrorKind::io, "an io error: " + error.message());
    fs::permissions(home.home().database(), fs::perms::owner_read | fs::perms::owner_write);
    fs::permissions(home.home().root, fs::perms::owner_all);
    expect(home.reader().job("clothes").version_count == 4, "with write access, all four");
  });
  CHECK(result.problem == "");
}

TEST_CASE("A full disk is an error that leaves the registry as it was") {
  const RegistryHome home;
  add_versions(home.writer(), 3);
  // A limit on the size of files stands in for a full disk: it works without mounting anything.
  const ChildEnd result = run_in_child([&] {
    Registry registry = home.writer();
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{200'000, 200'000};
    expect(::setrlimit(RLIMIT_FSIZE, &limit) == 0, "a limit");
    const Error error = error_of([&] {
      registry.create_versions(
          std::vector<NewVersion>(20'000, new_version("clothes", {{"lr", 1}})));
    });
    expect(error.kind() == ErrorKind::io, "an io error: " + error.message());
    expect(registry.job("clothes").version_count == 3, "still three versions");
  });
  CHECK(result.problem == "");
  Registry registry = home.writer();
  CHECK(registry.list_versions("clothes", {}).total == 3);
  add_versions(home.writer(), 1);
  CHECK(registry.job("clothes").version_count == 4);
}

TEST_CASE("A full disk while a version is created leaves no folder") {
  const RegistryHome home;
  home.writer();
  const ChildEnd result = run_in_child([&] {
    Registry registry = home.writer();
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    expect(::setrlimit(RLIMIT_FSIZE, &limit) == 0, "a limit");
    NewVersion version = new_version("clothes");
    version.facts = {{"long", std::string(300'000, 'x')}};
    const Error error = error_of([&] { registry.create_version(version, "spec"); });
    expect(error.kind() == ErrorKind::io, "an io error: " + error.message());
    const std::string long_spec(300'000, '#');
    const Error spec =
        error_of([&] { registry.create_version(new_version("clothes"), long_spec); });
    expect(spec.kind() == ErrorKind::io, "an io error: " + spec.message());
  });
  CHECK(result.problem == "");
  CHECK_FALSE(home.reader().find_job("clothes"));
  CHECK_FALSE(fs::exists(home.home().jobs() / "clothes"));
}

}  // namespace mat
