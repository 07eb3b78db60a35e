#include "trainers/distributed/alive_watch.h"

#include <future>
#include <memory>

#include "tests/temp_folder.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/distributed/node_processes.h"
#include "tests/trainers/training/recording_observer.h"
#include "trainers/distributed/connection.h"

namespace mat {
namespace {

constexpr int kForever = 1'000'000;

AliveWatch::Patience patience(int looks_at_others, int looks_at_own = kForever) {
  return {std::chrono::milliseconds(20), looks_at_others, looks_at_own};
}

// A node's watch beside a connection, whose store it needs.
struct Watching {
  Watching(const NodeGroup& group, const AliveWatch::Patience& patience)
      : connection(connect_nodes(group, torch::kCPU, observer)),
        watch(std::make_unique<AliveWatch>(group, patience,
                                           [this](int node) { lost.set_value(node); })) {}

  int wait_for_loss() { return lost.get_future().get(); }

  RecordingObserver observer;
  std::unique_ptr<Connection> connection;
  std::promise<int> lost;
  std::unique_ptr<AliveWatch> watch;
};

std::string ready(int node) { return "ready" + std::to_string(node); }

void wait_for_three(const Marks& marks) {
  for (int node = 0; node < 3; ++node) marks.wait_for(ready(node));
}

}  // namespace

TEST_CASE("a node that is killed is named to all others, and one that goes on is not") {
  const TempFolder folder;
  const Marks marks(folder.path());
  NodeProcesses nodes(3, [&](const NodeGroup& group) {
    Watching watching(group, patience(100));
    marks.set(ready(group.node));
    return watching.wait_for_loss();
  });
  wait_for_three(marks);
  SECTION("by the one before it, which tells the other") {
    nodes.send(2, SIGKILL);
    CHECK(nodes.end_of(0) == 2);
    CHECK(nodes.end_of(1) == 2);
  }
  SECTION("the one that keeps the store, when it is gone") {
    nodes.send(0, SIGKILL);
    CHECK(nodes.end_of(1) == 0);
    CHECK(nodes.end_of(2) == 0);
  }
  SECTION("the one that keeps the store, when it is frozen") {
    nodes.send(0, SIGSTOP);
    CHECK(nodes.end_of(1) == 0);
    CHECK(nodes.end_of(2) == 0);
  }
}

TEST_CASE("a pause of one's own is no silence of the others") {
  const TempFolder folder;
  const Marks marks(folder.path());
  NodeProcesses nodes(3, [&](const NodeGroup& group) {
    // Only this one would give others up within the pause.
    Watching watching(group, patience(group.node == 1 ? 40 : kForever));
    marks.set(ready(group.node));
    return watching.wait_for_loss();
  });
  wait_for_three(marks);
  nodes.send(1, SIGSTOP);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  nodes.send(1, SIGCONT);
  // It has not named node 0 meanwhile, whose store had not answered.
  nodes.send(2, SIGKILL);
  CHECK(nodes.end_of(1) == 2);
}

TEST_CASE(
    "a node that has left in good order is not missed, and one that left by an exception is") {
  const TempFolder folder;
  const Marks marks(folder.path());
  const bool leaves_well = GENERATE(true, false);
  NodeProcesses nodes(2, [&](const NodeGroup& group) {
    // What ends the wait otherwise: node 0 itself, which does not go on.
    Watching watching(group, patience(100, group.is_first() ? 300 : kForever));
    marks.set(ready(group.node));
    if (group.is_first()) return watching.wait_for_loss() == 0 ? 10 : 11;
    marks.wait_for(ready(0));
    if (leaves_well) {
      watching.watch.reset();
      return 0;
    }
    try {
      const std::unique_ptr<AliveWatch> ended_by_it = std::move(watching.watch);
      throw std::runtime_error("an error");
    } catch (const std::runtime_error&) {
    }
    return 0;
  });
  CHECK(nodes.end_of(0) == (leaves_well ? 10 : 11));
}

TEST_CASE("a node whose own work does not go on gives up, and names nobody to the others") {
  const TempFolder folder;
  const Marks marks(folder.path());
  NodeProcesses nodes(2, [&](const NodeGroup& group) {
    Watching watching(group, patience(kForever, group.is_first() ? 100 : 25));
    const int lost = watching.wait_for_loss();
    group.is_first() ? marks.set("end") : marks.wait_for("end");
    return lost;
  });
  CHECK(nodes.end_of(0) == 0);
  CHECK(nodes.end_of(1) == 1);
}

}  // namespace mat
