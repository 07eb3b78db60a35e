#include "core/run/run_description.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/pool/pools.h"
#include "core/run/run_node.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

JobSpec spec_with(const std::string& more) {
  return resolve(parse_spec("name: a\nalgorithm: resnet18\ninputs: {data_url: /data}\n" + more,
                            "job.yaml", "/"));
}

HeldVersion held_version(const JobSpec& spec) {
  HeldVersion held;
  held.version.id = 7;
  held.version.job = "a";
  held.version.number = 3;
  held.version.algorithm = spec.algorithm;
  held.version.settings = to_json(spec.settings);
  held.version.facts = {{"git", nullptr}};
  held.spec = spec;
  return held;
}

AttemptPlan plan_of(int nodes) {
  AttemptPlan plan;
  plan.needs = {2, 1 << 20, 1};
  plan.gpu_ids = {0, 3};
  plan.resume = true;
  plan.group.nodes = nodes;
  return plan;
}

}  // namespace

TEST_CASE("what nodes are told of a version is all that its runner knows") {
  const TempFolder folder;
  const HeldVersion held = held_version(spec_with("seed: 9\nresources: {nodes: 2}\n"));
  write_run_description(folder.path(), held, plan_of(2));
  const RunDescription read = read_run_description(folder.path());
  CHECK(read.held.version.reference() == "a@V0003");
  CHECK(read.held.version.id == 7);
  CHECK(read.held.spec.seed == 9);
  CHECK(read.held.spec.hyperparameters == held.spec.hyperparameters);
  CHECK(read.held.spec.inputs == held.spec.inputs);
  CHECK(to_json(read.held.spec.settings) == to_json(held.spec.settings));
  CHECK_FALSE(read.held.lock);
  CHECK(read.plan.needs.cores == 2);
  CHECK(read.plan.gpu_ids == std::vector<int>{0, 3});
  CHECK(read.plan.resume);
  CHECK(read.plan.group.nodes == 2);
  CHECK(nodes_of(held.version) == 2);
  CHECK(nodes_of(VersionRecord{}) == 1);
}

TEST_CASE("a secret is not among what nodes are told, but in their environment") {
  const TempFolder folder;
  const HeldVersion held = held_version(spec_with("environment: {API_TOKEN: hush}\n"));
  write_run_description(folder.path(), held, plan_of(2));
  CHECK(read_file(folder.path() / "run.json").find("hush") == std::string::npos);
  ::unsetenv("API_TOKEN");
  CHECK_THROWS_AS(read_run_description(folder.path()), Error);
  ::setenv("API_TOKEN", "hush", 1);
  CHECK(read_run_description(folder.path()).held.spec.environment.at("API_TOKEN") == "hush");
  ::unsetenv("API_TOKEN");
}

TEST_CASE("how a node ended is read as it was written, and forgotten by the next attempt") {
  const TempFolder folder;
  CHECK_FALSE(read_node_result(folder.path(), 1));
  NodeResult result;
  result.run = {Status::failed, "it\nbroke", ErrorKind::usage, "mend it", true};
  result.ended_ms = 12345;
  result.facts = {{"device", "cpu"}};
  result.metrics["loss"].add(3, 0.25, Direction::lower_is_better);
  write_node_result(folder.path(), 1, result);
  const auto read = read_node_result(folder.path(), 1);
  REQUIRE(read);
  CHECK(read->run.status == Status::failed);
  CHECK(read->run.reason == "it\nbroke");
  CHECK(read->run.error == ErrorKind::usage);
  CHECK(read->run.hint == "mend it");
  CHECK(read->run.lost_nodes);
  CHECK(read->ended_ms == 12345);
  CHECK(read->facts == result.facts);
  CHECK(read->metrics.at("loss").last == 0.25);
  write_run_description(folder.path(), held_version(spec_with("")), plan_of(2));
  CHECK_FALSE(read_node_result(folder.path(), 1));
}

TEST_CASE("damaged files of nodes are io errors that name the file") {
  const TempFolder folder;
  write_file_atomic(folder.path() / "run.json", "{\"id\": \"seven\"}");
  make_folders(node_folder(folder.path(), 1));
  write_file_atomic(node_folder(folder.path(), 1) / "result.json", "{\"status\": \"Odd\"");
  const auto kind_of = [](const std::function<void()>& read) {
    try {
      read();
    } catch (const Error& e) {
      return std::pair(e.kind(), e.message().find("json") != std::string::npos);
    }
    return std::pair(ErrorKind::bug, false);
  };
  CHECK(kind_of([&] { read_run_description(folder.path()); }) == std::pair(ErrorKind::io, true));
  CHECK(kind_of([&] { read_node_result(folder.path(), 1); }) == std::pair(ErrorKind::io, true));
}

TEST_CASE("each node has its share of the pool, and its own GPUs") {
  const Pool pool = make_pool("public", {8, 32ULL << 30, 4});
  const auto needs = [&](const std::string& resources) {
    const JobSpec spec = spec_with("resources: {" + resources + "}\n");
    const Capacity one = needs_of(spec, pool);
    check_nodes_fit(spec, pool, one);
    return one;
  };
  CHECK(needs("type: cpu, nodes: 1").cores == 8);
  CHECK(needs("type: cpu, nodes: 3").cores == 2);
  CHECK(needs("flavor: cpu.4, nodes: 2").cores == 4);
  CHECK(needs("flavor: gpu.1, nodes: 4").gpus == 1);
  CHECK_THROWS_AS(needs("flavor: cpu.4, nodes: 3"), Error);
  CHECK_THROWS_AS(needs("flavor: gpu.2, nodes: 3"), Error);
  CHECK_THROWS_AS(needs("type: cpu, nodes: 9"), Error);

  AttemptPlan plan;
  plan.needs.gpus = 2;
  plan.gpu_ids = {0, 1, 2, 5};
  plan.group.nodes = 2;
  CHECK(visible_gpus(plan) == "0,1");
  plan.group.node = 1;
  CHECK(visible_gpus(plan) == "2,5");
  plan.needs.gpus = 0;
  CHECK(visible_gpus(plan).empty());
}

TEST_CASE("a free port is one that can be had") {
  const int port = free_port();
  CHECK(port > 1023);
  CHECK(port <= 65535);
}

}  // namespace mat
