#include "core/pool/pools.h"

#include <catch2/catch.hpp>

#include "core/base/error.h"

namespace mat {
namespace {

JobSpec spec_of(const std::string& algorithm, const std::string& resources) {
  const std::string yaml = "name: a\nalgorithm: " + algorithm +
                           "\ninputs: {data_url: /data}\nresources: " + resources + "\n";
  return resolve(parse_spec(yaml, "job.yaml", "/"));
}

Pool pool_with_gpus() { return make_pool("big", {16, std::uint64_t{64} << 30, 4}); }

}  // namespace

TEST_CASE("a built-in algorithm has one GPU for each node, and says how it gets more") {
  Pool pool = pool_with_gpus();
  CHECK(needs_of(spec_of("resnet18", "{flavor: gpu.1, nodes: 4}"), pool).gpus == 1);
  std::string hint = "on as many of them: --set resources.flavor=gpu.1 --set resources.nodes=4";
  SECTION("of this machine") {}
  SECTION("of a cluster, whose nodes are machines") {
    pool.slurm.emplace();
    hint =
        "on one GPU of each of 4 machines, if there are so many: --set resources.flavor=gpu.1 "
        "--set resources.nodes=4";
  }
  try {
    needs_of(spec_of("resnet18", "{flavor: gpu.2, nodes: 2}"), pool);
    FAIL("two GPUs were taken");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::usage);
    CHECK(e.message() == "resnet18 trains on one GPU for each node, and flavor gpu.2 has 2");
    CHECK(e.hint() == hint);
  }
  CHECK_THROWS_WITH(needs_of(spec_of("exeml", "{flavor: gpu.2}"), pool),
                    Catch::Contains("one GPU for each node"));
}

TEST_CASE("a command has all GPUs of its flavor") {
  const JobSpec spec = spec_of("{command: python3 train.py}", "{flavor: gpu.2}");
  CHECK(needs_of(spec, pool_with_gpus()).gpus == 2);
}

}  // namespace mat
