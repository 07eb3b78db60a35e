#include "core/run/nodes_verdict.h"

#include <catch2/catch.hpp>

#include "core/run/run_description.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

NodeResult ended(Status status, const std::string& reason, std::int64_t at_ms, bool lost = false) {
  NodeResult result;
  result.run.status = status;
  result.run.reason = reason;
  result.run.lost_nodes = lost;
  result.ended_ms = at_ms;
  return result;
}

}  // namespace

TEST_CASE("of several nodes the one that failed first is named, and not those that lost it") {
  const TempFolder folder;
  const std::filesystem::path version = folder / "v";
  const std::vector<std::string> hosts{"n1", "n2", "n3"};
  CHECK_FALSE(has_failed_node(version, 3));
  write_node_result(version, 0, ended(Status::failed, "lost the others", 1, true));
  CHECK(has_failed_node(version, 3));
  write_node_result(version, 1, ended(Status::failed, "no memory", 5));
  write_node_result(version, 2, ended(Status::failed, "no disk", 4));
  CHECK(verdict_of_nodes(version, 3, hosts, "").reason == "node 2 (n3) ended: no disk");
}

TEST_CASE("a node without a word was killed, whatever the others say") {
  const TempFolder folder;
  const std::filesystem::path version = folder / "v";
  write_node_result(version, 0, ended(Status::completed, "", 1));
  const RunResult result = verdict_of_nodes(version, 2, {"n1"}, "signal 9");
  CHECK(result.status == Status::failed);
  CHECK(result.reason == "node 1 (?) ended: signal 9");
  write_node_result(version, 1, ended(Status::completed, "", 2));
  CHECK(verdict_of_nodes(version, 2, {"n1"}, "signal 9").status == Status::completed);
}

TEST_CASE("all nodes without a word are named, unless one has a reason of its own") {
  const TempFolder folder;
  const std::filesystem::path version = folder / "v";
  const std::vector<std::string> hosts{"a", "b", "c", "d"};
  const auto reason = [&](int nodes) {
    return verdict_of_nodes(version, nodes, hosts, "signal 9").reason;
  };
  write_node_result(version, 0, ended(Status::failed, "lost the others", 1, true));
  CHECK(reason(3) == "nodes 1 (b) and 2 (c) ended: signal 9");
  CHECK(reason(4) == "nodes 1 (b), 2 (c) and 3 (d) ended: signal 9");
  CHECK(reason(100).find("7 (?), 8 (?) and 91 more ended: signal 9") != std::string::npos);
  write_node_result(version, 2, ended(Status::failed, "no memory", 5));
  CHECK(reason(4) == "node 2 (c) ended: no memory");
}

TEST_CASE("an end that only one node was told has its reason") {
  const TempFolder folder;
  const std::filesystem::path version = folder / "v";
  write_node_result(version, 0, ended(Status::terminated, "", 1));
  write_node_result(version, 1, ended(Status::terminated, "", 1));
  write_node_result(version, 2, ended(Status::terminated, "ended by SIGTERM", 1));
  const RunResult result = verdict_of_nodes(version, 3, {"a", "b", "c"}, "");
  CHECK(result.status == Status::terminated);
  CHECK(result.reason == "node 2 (c) ended: ended by SIGTERM");
  write_node_result(version, 0, ended(Status::terminated, "ended by SIGINT", 1));
  CHECK(verdict_of_nodes(version, 3, {"a", "b", "c"}, "").reason ==
        "node 0 (a) ended: ended by SIGINT");
}

TEST_CASE("the only node's failure is the version's") {
  const TempFolder folder;
  const std::filesystem::path version = folder / "v";
  write_node_result(version, 0, ended(Status::failed, "no memory", 1));
  CHECK(verdict_of_nodes(version, 1, {"n1"}, "").reason == "no memory");
}

}  // namespace mat
