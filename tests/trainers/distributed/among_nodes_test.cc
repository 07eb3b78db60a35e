#include "trainers/distributed/among_nodes.h"

#include <functional>
#include <new>

#include "core/training/node_group.h"
#include "tests/trainers/catch.h"
#include "trainers/torch.h"

namespace mat {
namespace {

struct End {
  bool lost_nodes = false;
  std::string message;
};

// How what c10d throws comes out.
End end_of(const std::function<void()>& talk) {
  try {
    AmongNodes(1)(talk);
  } catch (const NodesLost& e) {
    return {true, e.message()};
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::training_failed);
    return {false, e.message()};
  }
  return {};
}

[[noreturn]] void throw_c10(const std::string& words) {
  throw c10::Error({__func__, __FILE__, 1}, words);
}

}  // namespace

TEST_CASE("what is wrong with this node is not said to be wrong with others") {
  CHECK_THROWS_AS(end_of([] {
                    throw c10::OutOfMemoryError({__func__, __FILE__, 1}, "CUDA has no more");
                  }),
                  c10::OutOfMemoryError);
  CHECK_THROWS_AS(end_of([] { throw std::bad_alloc(); }), std::bad_alloc);
  CHECK_THROWS_AS(end_of([] { throw_c10("CUDA error: an illegal memory access"); }), c10::Error);
}

TEST_CASE("a connection that breaks and an answer that does not come are others that are lost") {
  const End broken = end_of([] { throw_c10("Connection closed by peer [127.0.0.1]\nbacktrace"); });
  CHECK(broken.lost_nodes);
  CHECK(broken.message ==
        "the connection to another node was lost: Connection closed by peer [127.0.0.1]");
  const End silent = end_of([] { throw std::runtime_error("Timed out waiting 1000ms for recv"); });
  CHECK(silent.lost_nodes);
  CHECK(silent.message.find("another node has not answered for ") == 0);
}

TEST_CASE("of NCCL's errors only those of others are, and its last words are kept") {
  const std::string place = "NCCL error in: ProcessGroupNCCL.cpp:1, ";
  const End own = end_of([&] {
    throw_c10(place +
              "unhandled system error, NCCL version 2.18.3\nncclSystemError: System call (e.g. "
              "socket, malloc) failed.\nLast error:\nError while creating shared memory segment "
              "/dev/shm/nccl-1 (size 9637888)\n");
  });
  CHECK_FALSE(own.lost_nodes);
  CHECK(own.message ==
        "NCCL: Error while creating shared memory segment /dev/shm/nccl-1 (size 9637888)");
  const End others = end_of([&] {
    throw_c10(place +
              "remote process exited or there was a network error\nncclRemoteError: A call failed "
              "possibly due to a network error or a remote process exiting prematurely.\nLast "
              "error:\nsocketProgress: Connection closed by peer");
  });
  CHECK(others.lost_nodes);
}

TEST_CASE("once a node is lost nothing is said any more, and what fails fails by that") {
  AmongNodes among(1);
  CHECK(among([] { return 3; }) == 3);
  const auto fails = [&] {
    among.lose(2);
    throw_c10("NCCL error in: a.cpp:1, invalid usage");
  };
  CHECK_THROWS_AS(among(fails), NodesLost);
  CHECK_THROWS_WITH(among([] { return 3; }),
                    "node 2 gives no sign of life any more, or cannot be reached from here");
  among.lose(1);
  CHECK_THROWS_WITH(among.check(), Catch::Contains("another node has not answered"));
}

}  // namespace mat
