#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "core/lineage/lineage_graph.h"
#include "core/registry/migrations.h"
#include "tests/core/lineage/lineage_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

// A home as a mat before there was lineage has left it.
constexpr const char* kRows = R"sql(
INSERT INTO experiments VALUES (1, 'spring', '', 1);
INSERT INTO datasets VALUES (1, 'flowers', '', 10, '{}', 3, 2);
INSERT INTO dataset_versions VALUES (1, 1, 1, '', '', 20, '{"pictures": 5}', 0, 0.8, 'f1');
-- Published after clothes@V0004: that one had another flowers@V002.
INSERT INTO dataset_versions VALUES (2, 1, 2, '', '', 900, '{}', 0, 0.8, 'f2');
INSERT INTO params VALUES (1, 'base', '', 'clothes@V0001', 150, 150, '{}');
INSERT INTO algorithms VALUES (1, 'mine', '', 5, '{}');
INSERT INTO jobs VALUES (2, 'clothes', '', 1, 30, 5, 6);
INSERT INTO versions VALUES (11, 2, 1, 'Completed', '', 'resnet18', 100, 100, 110, '');
INSERT INTO versions VALUES (12, 2, 2, 'Completed', '', 'mine', 200, 200, 210, 'clothes@V0001');
INSERT INTO versions VALUES (13, 2, 3, 'Completed', '', 'exeml', 300, 300, 310, 'clothes@V0002');
INSERT INTO versions VALUES (14, 2, 4, 'Completed', '', 'exeml', 400, 400, 410, 'gone@V0001');
INSERT INTO version_details VALUES (11, '{}', '{"git": {"commit": "abc"}}');
INSERT INTO version_details VALUES (12,
  '{"hyperparameters.lr": {"value": 1, "source": "params base"}}', '{}');
INSERT INTO version_details VALUES (13, '{}', '{}');
INSERT INTO versions VALUES (15, 2, 5, 'Failed', '', 'exeml', 450, 450, 451, '');
INSERT INTO version_details VALUES (14, '{}', '{}');
INSERT INTO version_details VALUES (15, 'damaged "params ', 'damaged');
INSERT INTO keys VALUES (100, 'inputs.data_url'), (101, 'inputs.weights_url');
INSERT INTO version_values VALUES (11, 100, 2, 'dataset://flowers@V001');
INSERT INTO version_values VALUES (12, 100, 2, 's3://bucket/shoes');
INSERT INTO version_values VALUES (13, 101, 2, '/place/jobs/clothes/V0002/output/best.safetensors');
INSERT INTO version_values VALUES (14, 100, 2, 'dataset://flowers@V002');
INSERT INTO models VALUES (1, 'flowers', '', 350, '1.0.1');
INSERT INTO model_versions VALUES (1, 1, 1, 0, 0, '', 350, 'resnet18',
  '{"kind": "version", "reference": "clothes@V0003", "job": "clothes", "number": 3}', '{}');
INSERT INTO model_versions VALUES (2, 1, 1, 0, 1, '', 360, 'resnet18',
  '{"kind": "file", "file": "/somewhere/best.pt"}', '{}');
INSERT INTO services VALUES (1, 'shop', 'model:flowers@1.0.0', 1, 'Terminated', '', '', '{}', '{}',
  500, NULL, NULL);
INSERT INTO services VALUES (2, 'door', 'version:clothes@V0003', NULL, 'Terminated', '', '', '{}',
  '{}', 500, NULL, NULL);
)sql";

void make_old_registry(const fs::path& path) {
  fs::create_directories(path.parent_path());
  SQLite::Database connection(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  const auto& steps = registry_layout();
  migrate(connection, path, {steps.begin(), steps.begin() + 4});
  connection.exec(kRows);
}

Names edges(const RegistryHome& home, const std::string& reference) {
  Registry registry = home.reader();
  return edges_of(lineage_of(registry, reference, {}));
}

}  // namespace

TEST_CASE("A registry from before there was lineage knows it from what its rows tell") {
  const RegistryHome home;
  make_old_registry(home.home().database());
  home.writer();
  CHECK(fs::exists(home.home().database().string() + ".backup-v4"));
  CHECK(edges(home, "service:shop") ==
        Names{"base -params> clothes@V0002", "clothes@V0001 -modify> clothes@V0002",
              "clothes@V0001 -saved> base", "clothes@V0002 -incremental> clothes@V0003",
              "clothes@V0003 -model> flowers@1.0.0", "flowers -version> flowers@V001",
              "flowers@1.0.0 -serves> shop", "flowers@V001 -data_url> clothes@V0001",
              "s3://bucket/shoes -data_url> clothes@V0002"});
  CHECK(edges(home, "service:door").back() == "s3://bucket/shoes -data_url> clothes@V0002");
  CHECK(edges(home, "algorithm#1").back() == "mine -algorithm> clothes@V0002");
  CHECK(edges(home, "model:flowers@1.0.1") == Names{"/somewhere/best.pt -import> flowers@1.0.1"});
}

TEST_CASE("What an old registry names and has no more is known as deleted") {
  const RegistryHome home;
  make_old_registry(home.home().database());
  Registry registry = home.writer();
  const LineageGraph graph = lineage_of(registry, "clothes@4", {});
  CHECK(edges_of(graph) ==
        Names{"flowers@V002 -data_url> clothes@V0004", "gone@V0001 -modify> clothes@V0004"});
  for (const char* name : {"gone@V0001", "flowers@V002"}) {
    const LineageNode* node = find_node(graph, name);
    REQUIRE(node != nullptr);
    CHECK(node->is_deleted());
    CHECK(details_of(*node).front() == "deleted");
  }
  CHECK(lineage_of(registry, "gone@1", {}).nodes.size() == 2);
  // The dataset's version of that name is another one.
  CHECK(edges_of(lineage_of(registry, "dataset:flowers@V002", {})) ==
        Names{"flowers -version> flowers@V002"});
}

TEST_CASE("A version that an old registry's service answers with cannot be deleted") {
  const RegistryHome home;
  make_old_registry(home.home().database());
  Registry registry = home.writer();
  CHECK(error_of([&] { registry.delete_version(registry.version("clothes@3").id); }).kind() ==
        ErrorKind::conflict);
  registry.delete_service("door");
  registry.delete_version(registry.version("clothes@3").id);
  CHECK(lineage_of(registry, "service:door", {}).nodes.front().is_deleted());
}

TEST_CASE("Damaged rows can be deleted, and damage that says in a circle makes no circle") {
  const RegistryHome home;
  make_old_registry(home.home().database());
  Registry registry = home.writer();
  {
    SQLite::Database connection(home.home().database().string(), SQLite::OPEN_READWRITE);
    connection.exec(
        "INSERT INTO origins VALUES ('version', 11, 'modify', '', 'version', 12);"
        "INSERT INTO origins VALUES ('version', 12, 'modify', '', 'version', 12)");
  }
  const Names found = edges_of(lineage_of(registry, "clothes@2", {}));
  CHECK(std::count(found.begin(), found.end(), "clothes@V0001 -modify> clothes@V0002") == 1);
  CHECK(std::count(found.begin(), found.end(), "clothes@V0002 -modify> clothes@V0001") == 0);
  CHECK(std::count(found.begin(), found.end(), "clothes@V0002 -modify> clothes@V0002") == 0);
  registry.delete_version(15);
  CHECK(lineage_of(registry, "version:clothes@V0005", {}).nodes.front().is_deleted());
}

}  // namespace mat
