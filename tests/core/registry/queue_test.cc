#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

Submission submission(int priority = 0, bool detached = true) {
  Submission wanted;
  wanted.needs = {2, 1 << 20, 1};
  wanted.priority = priority;
  wanted.detached = detached;
  wanted.restarts_left = 1;
  wanted.machine = "boot here";
  return wanted;
}

const Registry::Decide kGrant = [](const std::vector<ActiveVersion>&) {
  return std::optional(std::vector<int>{1, 3});
};

std::vector<std::string> statuses(Registry& registry, Id id) {
  std::vector<std::string> names;
  for (const StatusChange& change : registry.history(id)) names.push_back(name_of(change.status));
  return names;
}

}  // namespace

TEST_CASE("A version goes from Initializing over Pending and Running to its end, with a history") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  CHECK_FALSE(registry.active_versions().at(0).submission);
  REQUIRE(registry.submit(id, submission(), {}));
  REQUIRE(registry.claim(id, kGrant) == Registry::Claim::granted);
  const ActiveVersion running = registry.active_versions().at(0);
  CHECK(running.status == Status::running);
  CHECK(running.gpu_ids == std::vector<int>{1, 3});
  CHECK(running.submission->needs.cores == 2);
  CHECK(running.submission->needs.memory_bytes == 1 << 20);
  CHECK(running.submission->machine == "boot here");

  Outcome outcome;
  outcome.facts = {{"device", "cpu"}};
  outcome.metrics["accuracy"].add(1, 0.5, Direction::higher_is_better);
  REQUIRE(registry.change_status(id, {Status::running}, Status::failed, "no luck", outcome));
  CHECK(registry.active_versions().empty());
  CHECK(statuses(registry, id) ==
        std::vector<std::string>{"Initializing", "Pending", "Running", "Failed"});
  CHECK(registry.history(id).back().reason == "no luck");
  const VersionRecord ended = registry.version(id);
  CHECK(ended.facts["device"] == "cpu");
  CHECK(ended.accuracy == 0.5);
}

TEST_CASE("A version that goes on has not the end of its last attempt") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  REQUIRE(registry.submit(id, submission(), {}));
  Outcome outcome;
  outcome.facts = {{"device", "cpu"}, {"exit_code", 3}, {"signal", nullptr}, {"result_code", 1}};
  REQUIRE(registry.change_status(id, {Status::pending}, Status::failed, "", outcome));
  CHECK(registry.version(id).facts["exit_code"] == 3);
  REQUIRE(registry.submit(id, submission(), {}));
  const Json facts = registry.version(id).facts;
  CHECK(facts["device"] == "cpu");
  for (const char* name : {"exit_code", "signal", "result_code"}) CHECK_FALSE(facts.contains(name));
}

TEST_CASE("A change of status from another one than stands there does nothing") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  Outcome outcome;
  outcome.facts = {{"device", "cpu"}};
  CHECK_FALSE(registry.change_status(id, {Status::running}, Status::failed, "", outcome));
  CHECK(registry.version(id).facts.contains("device") == false);
  CHECK(statuses(registry, id) == std::vector<std::string>{"Initializing"});
  CHECK(registry.claim(id, kGrant) == Registry::Claim::over);
  CHECK_FALSE(registry.send_back(id, "", 0, true));
}

TEST_CASE("The queue is in the order of priority, then of submission") {
  const RegistryHome home;
  Registry registry = home.writer();
  std::vector<Id> ids;
  for (const int priority : {0, 5, 0, 5}) {
    ids.push_back(registry.create_version(new_version("clothes"), "").id);
    REQUIRE(registry.submit(ids.back(), submission(priority), {}));
  }
  const Id initializing = registry.create_version(new_version("clothes"), "").id;
  std::vector<Id> order;
  for (const ActiveVersion& version : registry.active_versions()) order.push_back(version.id);
  CHECK(order == std::vector<Id>{ids[1], ids[3], ids[0], ids[2], initializing});
}

TEST_CASE("A version that is not granted stays Pending") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  REQUIRE(registry.submit(id, submission(), {}));
  const auto refuse = [](const std::vector<ActiveVersion>& active) {
    CHECK(active.size() == 1);
    return std::optional<std::vector<int>>();
  };
  CHECK(registry.claim(id, refuse) == Registry::Claim::waiting);
  CHECK(registry.version(id).status == Status::pending);
}

TEST_CASE("A failed attempt goes back into the queue with one restart less") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  REQUIRE(registry.submit(id, submission(0, false), {}));
  REQUIRE(registry.claim(id, kGrant) == Registry::Claim::granted);
  const auto started = registry.version(id).started_ms;
  REQUIRE(registry.send_back(id, "attempt 1 failed", 123, true));
  const ActiveVersion again = registry.active_versions().at(0);
  CHECK(again.status == Status::pending);
  CHECK(again.not_before_ms == 123);
  CHECK(again.gpu_ids.empty());
  CHECK(again.submission->restarts_left == 0);
  CHECK(again.submission->detached);
  REQUIRE(registry.claim(id, kGrant) == Registry::Claim::granted);
  // The first start stays: the history has the others.
  CHECK(registry.version(id).started_ms == started);
}

TEST_CASE("How long a version has trained is the time of its attempts, not what lay between them") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  REQUIRE(registry.submit(id, submission(), {}));
  const auto bring = [&](std::int64_t reported, Status status, std::int64_t at_ms) {
    ActiveVersion seen;
    seen.id = id;
    seen.status = registry.version(id).status;
    seen.batch_reported = reported - 1;
    REQUIRE(registry.bring_in(seen, reported, {{at_ms, status, {}}}));
  };
  bring(1, Status::running, 1'000'000);
  CHECK(registry.version(id).running_since_ms == 1'000'000);
  bring(2, Status::pending, 1'003'000);
  CHECK(registry.version(id).trained_ms == 3000);
  CHECK_FALSE(registry.version(id).running_since_ms);
  bring(3, Status::running, 2'000'000);
  Outcome outcome;
  outcome.at_ms = 2'004'000;
  REQUIRE(registry.change_status(id, {Status::running}, Status::failed, "", outcome));
  // A clock that was set back takes nothing away.
  REQUIRE(registry.submit(id, submission(), {}));
  bring(1, Status::running, 3'000'000);
  outcome.at_ms = 2'900'000;
  REQUIRE(registry.change_status(id, {Status::running}, Status::completed, "", outcome));
  const VersionRecord version = registry.version(id);
  CHECK(version.trained_ms == 7000);
  CHECK_FALSE(version.running_since_ms);
  CHECK(registry.values_of({version}, "duration").values.at(0) == 7.0);
}

TEST_CASE("A version that has ended can be submitted again, a completed one cannot") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  REQUIRE(registry.change_status(id, {Status::initializing}, Status::abnormal, "died"));
  REQUIRE(registry.version(id).ended_ms);
  REQUIRE(registry.submit(id, submission(), "resumed"));
  CHECK(registry.version(id).status == Status::pending);
  CHECK_FALSE(registry.version(id).ended_ms);
  CHECK(registry.history(id).back().reason == "resumed");
  REQUIRE(registry.change_status(id, {Status::pending}, Status::completed, ""));
  CHECK_FALSE(registry.submit(id, submission(), "resumed"));
}

TEST_CASE("Deleting a version takes its history along") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  registry.change_status(id, {Status::initializing}, Status::failed, "");
  registry.delete_version(id);
  CHECK_THROWS_AS(registry.history(id), Error);
}

TEST_CASE("Pools are kept by name, and not deleted under waiting versions") {
  const RegistryHome home;
  Registry registry = home.writer();
  DefinitionRecord pool;
  pool.name = "night";
  pool.description = "for the night";
  pool.definition = {{"cores", 1}};
  CHECK(registry.create_pool(pool).created_ms > 1'700'000'000'000);
  CHECK_THROWS_AS(registry.create_pool(pool), Error);
  CHECK(registry.find_pool("night")->definition == pool.definition);
  CHECK_FALSE(registry.find_pool("day"));

  const Id id = registry.create_version(new_version("clothes"), "").id;
  Submission wanted = submission();
  wanted.pool = "night";
  REQUIRE(registry.submit(id, wanted, {}));
  CHECK_THROWS_AS(registry.delete_pool("night"), Error);
  registry.change_status(id, {Status::pending}, Status::terminated, "");
  registry.delete_pool("night");
  CHECK(registry.pools().empty());
  CHECK_THROWS_AS(registry.delete_pool("night"), Error);
}

TEST_CASE("What a batch system runs is nobody's here, and its reports are brought in once") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  Submission wanted = submission(0, false);
  wanted.batch_system = "slurm";
  wanted.machine.clear();
  REQUIRE(registry.submit(id, wanted, {}));
  CHECK(registry.attended_versions().empty());
  registry.set_batch_job(id, 12);
  registry.set_waiting_reasons({{id, "waits for nodes"}});
  ActiveVersion active = registry.batch_versions().at(0);
  CHECK(active.batch_job == 12);
  CHECK(active.reason == "waits for nodes");
  CHECK(active.submission->batch_system == "slurm");

  const std::vector<StatusChange> changes{{1'800'000'000'000, Status::running, {}},
                                          {1'800'000'001'000, Status::pending, "failed"},
                                          {1'800'000'002'000, Status::running, {}}};
  REQUIRE(registry.bring_in(active, 6, changes));
  // Another process has read the same lines.
  CHECK_FALSE(registry.bring_in(active, 6, changes));
  CHECK(statuses(registry, id) ==
        std::vector<std::string>{"Initializing", "Pending", "Running", "Pending", "Running"});
  CHECK(registry.version(id).started_ms == 1'800'000'000'000);
  registry.set_waiting_reasons({{id, "too late"}});
  active = registry.batch_versions().at(0);
  CHECK(active.reason.empty());

  // Who has seen another job, or another status, says nothing new of it.
  ActiveVersion stale = active;
  stale.status = Status::pending;
  CHECK_FALSE(registry.bring_in(stale, 7, {}));
  CHECK_FALSE(registry.replace_batch_job(id, 11, 13));
  REQUIRE(registry.replace_batch_job(id, 12, 13));
  CHECK_FALSE(registry.bring_in(active, 7, {}));
  active = registry.batch_versions().at(0);
  CHECK(active.batch_job == 13);
  CHECK(active.submission->restarts_left == wanted.restarts_left - 1);

  Outcome outcome;
  outcome.at_ms = 1'800'000'003'000;
  REQUIRE(registry.change_status(id, {Status::running}, Status::completed, {}, outcome));
  CHECK(registry.version(id).ended_ms == 1'800'000'003'000);
  CHECK(registry.batch_versions().empty());
  CHECK_FALSE(registry.bring_in(active, 7, {}));
}

}  // namespace mat
