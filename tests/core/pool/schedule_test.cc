#include "core/pool/schedule.h"

#include <catch2/catch.hpp>

#include "core/base/machine.h"

namespace mat {
namespace {

constexpr std::uint64_t kGiB = 1ULL << 30;
constexpr std::int64_t kNow = 1'800'000'000'000;
const Capacity kMachine{4, 16 * kGiB, 2};

ActiveVersion version(Id id, Status status, Capacity needs, const std::string& pool = "public") {
  ActiveVersion active;
  active.id = id;
  active.job = "j";
  active.number = id;
  active.status = status;
  active.submission = Submission{pool, needs, 0, true, 0, machine_text(), {}};
  return active;
}

Schedule schedule(const std::vector<ActiveVersion>& active,
                  std::vector<Pool> pools = {make_pool("public", kMachine)}, bool has_room = true) {
  return {active, pools, kMachine, has_room, kNow, [](const ActiveVersion&) { return false; }};
}

std::vector<Id> started(const Schedule& schedule) {
  std::vector<Id> ids;
  for (const Schedule::Grant& grant : schedule.grants()) ids.push_back(grant.version);
  return ids;
}

}  // namespace

TEST_CASE("Versions start in their order as long as they fit") {
  const auto found = schedule(
      {version(1, Status::pending, {2, kGiB, 0}), version(2, Status::pending, {1, kGiB, 0}),
       version(3, Status::pending, {2, kGiB, 0}), version(4, Status::pending, {1, kGiB, 0})});
  // The fourth would fit, but the third would wait for ever if later ones went past it.
  CHECK(started(found) == std::vector<Id>{1, 2});
  CHECK(found.waits_for(3) == "2 cores of the pool public (j@V0001 runs)");
  CHECK(found.waits_for(4) == "its turn after j@V0003");
  CHECK(found.waits_for(1).empty());
}

TEST_CASE("What runs is counted: cores, memory and GPUs") {
  const ActiveVersion running = version(1, Status::running, {1, 10 * kGiB, 0});
  CHECK(started(schedule({running, version(2, Status::pending, {3, 6 * kGiB, 0})})) ==
        std::vector<Id>{2});
  const auto memory = schedule({running, version(2, Status::pending, {1, 7 * kGiB, 0})});
  CHECK(started(memory).empty());
  CHECK(memory.waits_for(2) == "7.0 GiB of memory of the pool public (j@V0001 runs)");
}

TEST_CASE("GPUs are given by number, those that are taken left out") {
  ActiveVersion running = version(1, Status::running, {1, kGiB, 1});
  running.gpu_ids = {0};
  const auto found = schedule({running, version(2, Status::pending, {1, kGiB, 1}),
                               version(3, Status::pending, {1, kGiB, 1})});
  REQUIRE(started(found) == std::vector<Id>{2});
  CHECK(found.grant_of(2) == std::vector<int>{1});
  CHECK_FALSE(found.grant_of(3));
  CHECK(found.waits_for(3) == "1 GPUs of the pool public (j@V0001 runs)");
}

TEST_CASE("A pool is a share of the machine, and together pools take no more than it has") {
  const std::vector<Pool> pools{make_pool("public", kMachine), make_pool("two", {2, 8 * kGiB, 0})};
  const auto shares = schedule(
      {version(1, Status::pending, {2, kGiB, 0}, "two"),
       version(2, Status::pending, {1, kGiB, 0}, "two"), version(3, Status::pending, {2, kGiB, 0})},
      pools);
  CHECK(started(shares) == std::vector<Id>{1, 3});
  const auto whole = schedule(
      {version(1, Status::running, {3, kGiB, 0}), version(2, Status::pending, {2, kGiB, 0}, "two")},
      pools);
  CHECK(started(whole).empty());
  CHECK(whole.waits_for(2) == "2 cores of this machine (j@V0001 runs)");
}

TEST_CASE("What waits for the machine alone goes before later ones of every pool") {
  const std::vector<Pool> pools{make_pool("public", kMachine), make_pool("two", {3, 8 * kGiB, 0})};
  const ActiveVersion narrow = version(1, Status::running, {1, kGiB, 0}, "two");
  const auto found = schedule({narrow, version(2, Status::pending, {4, kGiB, 0}),
                               version(3, Status::pending, {1, kGiB, 0}, "two")},
                              pools);
  CHECK(started(found).empty());
  CHECK(found.waits_for(2) == "4 cores of this machine (j@V0001 runs)");
  CHECK(found.waits_for(3) == "its turn after j@V0002");
  // Who takes nothing of what it lacks is not in its way.
  const auto for_gpu = schedule(
      {version(1, Status::running, {1, 0, 2}, "gpus"), version(2, Status::pending, {1, 0, 1}),
       version(3, Status::pending, {1, 0, 0}, "two"),
       version(4, Status::pending, {1, 0, 1}, "gpus")},
      {make_pool("public", kMachine), pools[1], make_pool("gpus", kMachine)});
  CHECK(started(for_gpu) == std::vector<Id>{3});
  CHECK(for_gpu.waits_for(4) == "its turn after j@V0002");
  // But nobody takes what else it needs.
  const auto wide = schedule(
      {version(1, Status::running, {1, 0, 2}, "gpus"), version(2, Status::pending, {2, 0, 1}),
       version(3, Status::pending, {2, 0, 0}, "two"),
       version(4, Status::pending, {1, 0, 0}, "gpus")},
      {make_pool("public", kMachine), pools[1], make_pool("gpus", kMachine)});
  CHECK(started(wide) == std::vector<Id>{4});
  CHECK(wide.waits_for(3) == "its turn after j@V0002");
  // And what finds no room has its place in the queue, too: nobody of its pool passes it.
  for (const int cores : {3, 4}) {
    const auto queue = schedule(
        {version(1, Status::running, {1, 0, 2}, "gpus"), version(2, Status::pending, {1, 0, 1}),
         version(3, Status::pending, {cores, 0, 0}, "four"),
         version(4, Status::pending, {1, 0, 0}, "four")},
        {make_pool("public", kMachine), make_pool("four", {4, 8 * kGiB, 0}),
         make_pool("gpus", kMachine)});
    CHECK(started(queue).empty());
    CHECK(queue.waits_for(3) ==
          (cores == 3 ? "its turn after j@V0002" : "4 cores of this machine (j@V0001 runs)"));
    CHECK(queue.waits_for(4) == "its turn after j@V0003");
  }
  // A shortage of its own pool is no matter of others, nor what the machine never has.
  CHECK(started(schedule({narrow, version(2, Status::pending, {3, kGiB, 0}, "two"),
                          version(3, Status::pending, {3, kGiB, 0})},
                         pools)) == std::vector<Id>{3});
  const std::vector<Pool> of_before{make_pool("public", {8, 16 * kGiB, 0}), pools[1]};
  CHECK(started(schedule({version(1, Status::pending, {8, kGiB, 0}),
                          version(2, Status::pending, {1, kGiB, 0}, "two")},
                         of_before)) == std::vector<Id>{2});
}

TEST_CASE("Nobody starts where the disk is full") {
  const auto found =
      schedule({version(1, Status::pending, {1, kGiB, 0})}, {make_pool("public", kMachine)}, false);
  CHECK(started(found).empty());
  CHECK(found.waits_for(1) == "16.0 MiB of room on the disk of the home");
}

TEST_CASE("One that pauses before another attempt is passed over") {
  ActiveVersion pausing = version(1, Status::pending, {4, kGiB, 0});
  pausing.not_before_ms = kNow + 2000;
  const auto found = schedule({pausing, version(2, Status::pending, {4, kGiB, 0})});
  CHECK(started(found) == std::vector<Id>{2});
  CHECK(found.waits_for(1) == "its next attempt, in 2.0s");
}

TEST_CASE("Versions of another host neither start here nor count") {
  ActiveVersion running = version(1, Status::running, {4, kGiB, 0});
  running.submission->machine = "another-boot elsewhere";
  ActiveVersion pending = version(2, Status::pending, {1, kGiB, 0});
  pending.submission->machine = "another-boot elsewhere";
  CHECK(started(schedule({running, pending, version(3, Status::pending, {4, kGiB, 0})})) ==
        std::vector<Id>{3});
}

TEST_CASE("A version whose pool is gone waits and says so") {
  const auto found = schedule({version(1, Status::pending, {1, kGiB, 0}, "gone"),
                               version(2, Status::pending, {1, kGiB, 0})});
  CHECK(started(found) == std::vector<Id>{2});
  CHECK(found.waits_for(1) == "the pool gone, which is not there any more");
}

TEST_CASE("A pool's flavors follow from what it has") {
  const Pool pool = make_pool("p", {6, 12 * kGiB, 2});
  std::vector<std::string> names;
  for (const Flavor& flavor : pool.flavors) names.push_back(flavor.name);
  CHECK(names == std::vector<std::string>{"cpu.1", "cpu.2", "cpu.4", "cpu.6", "gpu.1", "gpu.2"});
  CHECK(pool.flavors[1].needs.memory_bytes == 4 * kGiB);
  CHECK(pool.flavors[4].needs.cores == 3);
  CHECK(pool.flavors[4].needs.gpus == 1);
}

}  // namespace mat
