#include "core/registry/migrations.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "tests/core/registry/child.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// The real layout and a next one.
std::vector<std::string> next_layout(const std::string& step =
                                         "ALTER TABLE jobs ADD COLUMN x ANY;"
                                         "CREATE TABLE more (id) ") {
  std::vector<std::string> steps = registry_layout();
  steps.push_back(step);
  return steps;
}

int count(SQLite::Database& connection, const std::string& table) {
  return connection.execAndGet("SELECT count(*) FROM " + table).getInt();
}

void migrate_file(const fs::path& path, const std::vector<std::string>& steps) {
  SQLite::Database connection(path.string(), SQLite::OPEN_READWRITE, 30'000);
  migrate(connection, path, steps);
}

fs::path backup_of(const fs::path& path) {
  return path.string() + ".backup-v" + std::to_string(registry_layout().size());
}

}  // namespace

TEST_CASE("A registry of an older layout is copied and then brought up to date with its rows") {
  const RegistryHome home;
  home.writer().create_versions({new_version("clothes", {{"lr", 0.1}})});
  const fs::path path = home.home().database();
  migrate_file(path, next_layout());
  {
    SQLite::Database connection(path.string(), SQLite::OPEN_READWRITE);
    CHECK(count(connection, "versions") == 1);
    CHECK(count(connection, "more") == 0);
    CHECK(check_layout(connection, path, next_layout()) == static_cast<int>(next_layout().size()));
  }
  SQLite::Database backup(backup_of(path).string(), SQLite::OPEN_READONLY);
  CHECK(count(backup, "versions") == 1);
  CHECK(count(backup, "sqlite_schema WHERE name = 'more'") == 0);
  CHECK(backup.execAndGet("PRAGMA integrity_check").getString() == "ok");

  const Error newer = error_of([&] { home.writer(); });
  CHECK(newer.kind() == ErrorKind::io);
  CHECK(newer.message().find("was written by a newer mat") != std::string::npos);
  CHECK(error_of([&] { home.reader(); }).message() == newer.message());
}

TEST_CASE("A migration that fails changes nothing") {
  const RegistryHome home;
  home.writer().create_versions({new_version("clothes")});
  CHECK_THROWS_AS(migrate_file(home.home().database(),
                               next_layout("DELETE FROM versions; CREATE TABLE jobs (again)")),
                  SQLite::Exception);
  CHECK(home.writer().version("clothes@1").number == 1);
}

TEST_CASE("Processes that migrate at once do it once, and the copy is the old registry") {
  const RegistryHome home;
  home.writer().create_versions({new_version("clothes")});
  const fs::path path = home.home().database();
  {
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < 4; ++i) {
      children.push_back(std::make_unique<Child>([&] { migrate_file(path, next_layout()); }));
    }
    for (auto& child : children) CHECK(child->wait().problem == "");
  }
  SQLite::Database backup(backup_of(path).string(), SQLite::OPEN_READONLY);
  CHECK(count(backup, "sqlite_schema WHERE name = 'more'") == 0);
  CHECK(count(backup, "versions") == 1);
}

TEST_CASE("A reader does not migrate, and says which command does") {
  const RegistryHome home;
  const fs::path path = home.home().database();
  fs::create_directories(path.parent_path());
  {
    SQLite::Database connection(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    migrate(connection, path, {registry_layout().front()});
  }
  const Error error = error_of([&] { home.reader(); });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(error.hint().find("mat --home '" + home.home().root.string() + "' init") !=
        std::string::npos);
  CHECK_FALSE(fs::exists(path.string() + ".backup-v1"));
  CHECK(home.writer().list_jobs({}).total == 0);
  CHECK(fs::exists(path.string() + ".backup-v1"));
  CHECK(home.reader().list_jobs({}).total == 0);
}

TEST_CASE("A registry from before there were datasets keeps its rows and takes datasets") {
  const RegistryHome home;
  const fs::path path = home.home().database();
  fs::create_directories(path.parent_path());
  {
    SQLite::Database connection(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    migrate(connection, path, {registry_layout()[0], registry_layout()[1]});
    connection.exec(
        "INSERT INTO experiments (name, description, created_ms) VALUES ('first', '', 1)");
  }
  CHECK(error_of([&] { home.reader(); }).kind() == ErrorKind::io);
  Registry registry = home.writer();
  CHECK(fs::exists(path.string() + ".backup-v2"));
  CHECK(registry.experiment("first").created_ms == 1);
  DatasetRecord dataset;
  dataset.name = "flowers";
  CHECK(registry.create_dataset(dataset).version_count == 0);
}

TEST_CASE(
    "A registry from before there were batch systems keeps its queue, which is this machine's") {
  const RegistryHome home;
  const fs::path path = home.home().database();
  fs::create_directories(path.parent_path());
  constexpr std::size_t kBefore = 6;
  {
    SQLite::Database connection(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    const auto& steps = registry_layout();
    migrate(connection, path, {steps.begin(), steps.begin() + kBefore});
    connection.exec(
        "INSERT INTO jobs (id, name, description, created_ms) VALUES (1, 'clothes', '', 1);"
        "INSERT INTO versions (id, job_id, number, status, reason, algorithm, created_ms, parent) "
        "VALUES (1, 1, 1, 'Pending', '', 'resnet18', 1, '');"
        "INSERT INTO queue (version_id, pool, priority, cores, memory_bytes, gpus, detached, "
        "restarts_left, machine) VALUES (1, 'public', 5, 2, 1024, 0, 1, 3, 'here')");
  }
  Registry registry = home.writer();
  CHECK(fs::exists(path.string() + ".backup-v6"));
  CHECK(registry.batch_versions().empty());
  const std::vector<ActiveVersion> active = registry.active_versions();
  REQUIRE(active.size() == 1);
  CHECK(active[0].submission->priority == 5);
  CHECK(active[0].submission->restarts_left == 3);
  CHECK(active[0].submission->batch_system.empty());
  CHECK(active[0].batch_job == 0);
}

TEST_CASE("A registry whose maker was killed before it was filled is an empty one to a reader") {
  const RegistryHome home;
  const fs::path path = home.home().database();
  fs::create_directories(path.parent_path());
  {
    SQLite::Database connection(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    connection.exec("PRAGMA journal_mode = WAL");
  }
  const auto size = fs::file_size(path);
  CHECK(size > 0);
  CHECK(home.reader().list_jobs({}).total == 0);
  CHECK(fs::file_size(path) == size);
  CHECK(home.writer().list_jobs({}).total == 0);
}

TEST_CASE("Processes that make the registry at once make one") {
  const RegistryHome home;
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 6; ++i) {
    children.push_back(
        std::make_unique<Child>([&] { home.writer().create_versions({new_version("clothes")}); }));
  }
  for (auto& child : children) CHECK(child->wait().problem == "");
  CHECK(home.reader().job("clothes").version_count == 6);
}

TEST_CASE("A registry from before training time was counted learns it from the history") {
  const RegistryHome home;
  const fs::path path = home.home().database();
  fs::create_directories(path.parent_path());
  constexpr std::size_t kBefore = 7;
  {
    SQLite::Database connection(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    const auto& steps = registry_layout();
    migrate(connection, path, {steps.begin(), steps.begin() + kBefore});
    connection.exec(
        "INSERT INTO jobs (id, name, description, created_ms, next_number) "
        "VALUES (1, 'clothes', '', 1, 4);"
        "INSERT INTO versions (id, job_id, number, status, reason, algorithm, created_ms, "
        "started_ms, ended_ms, parent) VALUES "
        "(1, 1, 1, 'Completed', '', 'resnet18', 1, 1000, 90000, ''),"
        "(2, 1, 2, 'Running', '', 'resnet18', 1, 1000, NULL, ''),"
        "(3, 1, 3, 'Completed', '', 'resnet18', 1, 1000, 6000, '');"
        "INSERT INTO status_changes VALUES (1, 1000, 'Running', ''), (1, 3000, 'Failed', ''),"
        "(1, 80000, 'Pending', ''), (1, 85000, 'Running', ''), (1, 90000, 'Completed', ''),"
        "(2, 1000, 'Running', ''), (2, 2000, 'Pending', ''), (2, 5000, 'Running', '')");
  }
  Registry registry = home.writer();
  CHECK(registry.version(Id{1}).trained_ms == 7000);
  CHECK_FALSE(registry.version(Id{1}).running_since_ms);
  CHECK(registry.version(Id{2}).trained_ms == 1000);
  CHECK(registry.version(Id{2}).running_since_ms == 5000);
  // One that was brought in whole has no history.
  CHECK(registry.version(Id{3}).trained_ms == 5000);
}

}  // namespace mat
