#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <set>

#include "core/base/error.h"
#include "tests/core/registry/child.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::set<std::string> folders_of(const RegistryHome& home, const std::string& job) {
  std::set<std::string> folders;
  const fs::path jobs = home.home().jobs() / job;
  if (!fs::exists(jobs)) return folders;
  for (const auto& entry : fs::directory_iterator(jobs)) folders.insert(entry.path().filename());
  return folders;
}

std::set<std::string> rows_of(Registry& registry, const std::string& job) {
  std::set<std::string> labels;
  if (!registry.find_job(job)) return labels;
  ListOptions all;
  all.limit = 0;
  for (const auto& version : registry.list_versions(job, all).rows) {
    labels.insert(version_label(version.number));
  }
  return labels;
}

// Creates, changes, lists and deletes, as several shells would do at once.
void work_hard(const RegistryHome& home, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    Registry registry = home.writer();
    const VersionRecord version = registry.create_version(new_version("clothes"), "spec");
    expect(registry.change_status(version.id, {Status::initializing}, Status::running, ""),
           "to run");
    expect(registry.change_status(version.id, {Status::running}, Status::completed, "",
                                  {Json::object(), {{"accuracy", summary(0.5)}}}),
           "to end");
    Registry reader = home.reader();
    expect(reader.version(version.id).accuracy == 0.5, "what was written");
    expect(reader.list_versions("clothes", {20, parse_filter("accuracy > 0"), {}}).total > 0,
           "a list");
    if (i % 2 == 0) expect(registry.delete_version(version.id).versions == 1, "to delete");
  }
}

}  // namespace

TEST_CASE("Processes that create, list and delete at once wait for each other") {
  const RegistryHome home;
  constexpr int kProcesses = 4, kRounds = 10;
  {
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < kProcesses; ++i) {
      children.push_back(std::make_unique<Child>([&] { work_hard(home, kRounds); }));
    }
    for (auto& child : children) CHECK(child->wait().problem == "");
  }
  Registry registry = home.reader();
  const JobRecord job = registry.job("clothes");
  CHECK(job.version_count == kProcesses * kRounds / 2);
  CHECK(rows_of(registry, "clothes") == folders_of(home, "clothes"));
  CHECK(rows_of(registry, "clothes").size() == kProcesses * kRounds / 2);
  CHECK(job.latest_number <= kProcesses * kRounds);
}

TEST_CASE("Processes that make a registry at once all find it good") {
  constexpr int kProcesses = 12, kRounds = 12;
  for (int round = 0; round < kRounds; ++round) {
    const RegistryHome home;
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < kProcesses; ++i) {
      children.push_back(std::make_unique<Child>([&, i] {
        if (i % 3 == 0) home.reader();
        home.writer();
      }));
    }
    for (auto& child : children) CHECK(child->wait().problem == "");
  }
}

TEST_CASE("A status is changed by only one of the processes that try at once") {
  const RegistryHome home;
  const Id id = home.writer().create_version(new_version("clothes"), "").id;
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 6; ++i) {
    children.push_back(std::make_unique<Child>([&] {
      const bool was_mine =
          home.writer().change_status(id, {Status::initializing}, Status::running, "");
      expect(!was_mine, "mine");
    }));
  }
  int winners = 0;
  for (auto& child : children) winners += child->wait().problem.empty() ? 0 : 1;
  CHECK(winners == 1);
}

TEST_CASE("Killed in the middle of anything, every version that is recorded has its folder") {
  const RegistryHome home;
  home.writer();
  // The child says how far it is through files that it makes; it is killed at varying moments.
  for (int round = 0; round < 25; ++round) {
    {
      Child child([&] {
        for (int i = 0; i < 1000; ++i) {
          Registry registry = home.writer();
          NewVersion version = new_version("clothes");
          version.status = Status::completed;
          const Id first = registry.create_version(version, "spec").id;
          registry.create_version(version, "spec");
          registry.delete_version(first);
        }
      });
      ::usleep(static_cast<useconds_t>(3'000 + round * 2'711 % 40'000));
      ::kill(child.pid(), SIGKILL);
      child.wait();
    }
    Registry registry = home.writer();
    const auto rows = rows_of(registry, "clothes");
    for (const std::string& label : rows) {
      CAPTURE(round, label);
      CHECK(fs::exists(home.home().jobs() / "clothes" / label / "spec.yaml"));
    }
    CHECK((!fs::exists(home.home().trash()) || fs::is_empty(home.home().trash())));
    const auto folders = folders_of(home, "clothes");
    // At most the one that was being made.
    CHECK(folders.size() <= rows.size() + 1);
    if (registry.find_job("clothes")) {
      CHECK(registry.job("clothes").version_count == static_cast<std::int64_t>(rows.size()));
    }
  }
  // The next one takes over what is left of the last.
  Registry registry = home.writer();
  registry.create_version(new_version("clothes"), "spec");
  CHECK(rows_of(registry, "clothes") == folders_of(home, "clothes"));
}

}  // namespace mat
