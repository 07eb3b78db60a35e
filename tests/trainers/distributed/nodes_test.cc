#include "trainers/distributed/nodes.h"

#include "tests/temp_folder.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/distributed/node_processes.h"
#include "tests/trainers/training/recording_observer.h"

namespace mat {

TEST_CASE("a node that waits for another's word ends when it is told to stop") {
  const TempFolder folder;
  const Marks marks(folder.path());
  constexpr int kInterrupted = 7;
  NodeProcesses processes(2, [&](const NodeGroup& group) {
    RecordingObserver observer;
    Nodes nodes(group, torch::kCPU, observer);
    if (group.is_first()) {
      marks.wait_for("end");
      return 0;
    }
    observer.stop = [](const RecordingObserver&) { return true; };
    try {
      nodes.tell(Json());
    } catch (const Error& e) {
      marks.set("end");
      return e.kind() == ErrorKind::interrupted ? kInterrupted : 1;
    }
    return 2;
  });
  CHECK(processes.end_of(1) == kInterrupted);
  CHECK(processes.end_of(0) == 0);
}

}  // namespace mat
