#include "core/lineage/lineage_graph.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/base/file.h"
#include "tests/core/lineage/lineage_home.h"

namespace mat {
namespace {

using Names = std::vector<std::string>;

Names names_of(const LineageGraph& graph) {
  Names names;
  for (const LineageNode& node : graph.nodes) names.push_back(node.name);
  std::sort(names.begin(), names.end());
  return names;
}

void end_service(Registry& registry, const std::string& name) {
  Registry::ProcessChange ended;
  ended.status = Status::terminated;
  registry.change_service(registry.service(name).id, {Status::pending}, ended);
}

}  // namespace

TEST_CASE("A lineage has all that a version was made from and all that was made from it") {
  const LineageHome home;
  const LineageGraph graph = home.graph("clothes@3");
  CHECK(graph.nodes.front().name == "clothes@V0003");
  CHECK(edges_of(graph) ==
        Names{"clothes@V0001 -modify> clothes@V0002", "clothes@V0002 -incremental> clothes@V0003",
              "clothes@V0003 -model> flowers@1.0.0", "flowers -version> flowers@V001",
              "flowers@1.0.0 -serves> shop", "flowers@V001 -data_url> clothes@V0001",
              "flowers@V001 -data_url> clothes@V0002", "flowers@V001 -data_url> clothes@V0003"});
  CHECK(details_of(graph.nodes.front()) == Names{"Completed", "accuracy 0.7500", "resnet18",
                                                 "code 01234567, changed", "experiment spring"});
}

TEST_CASE("A lineage is the same from each of its ends, and goes one way when asked to") {
  const LineageHome home;
  CHECK(names_of(home.graph("service:shop")) == Names{"clothes@V0001", "clothes@V0002",
                                                      "clothes@V0003", "flowers", "flowers@1.0.0",
                                                      "flowers@V001", "shop"});
  CHECK(names_of(home.graph("dataset:flowers@V001")) ==
        Names{"base", "clothes@V0001", "clothes@V0002", "clothes@V0003", "clothes@V0004", "flowers",
              "flowers@1.0.0", "flowers@V001", "shop"});
  LineageOptions down;
  down.up = false;
  CHECK(names_of(home.graph("model:flowers@1.0.0", down)) == Names{"flowers@1.0.0", "shop"});
  LineageOptions up;
  up.down = false;
  CHECK(names_of(home.graph("clothes@1", up)) == Names{"clothes@V0001", "flowers", "flowers@V001"});
}

TEST_CASE("A lineage begins at anything that has a name") {
  const LineageHome home;
  const auto edges = [&](const std::string& reference) { return edges_of(home.graph(reference)); };
  const auto has = [](const Names& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  CHECK(has(edges("params:base"), "clothes@V0002 -saved> base"));
  CHECK(has(edges("params:base"), "base -params> clothes@V0004"));
  CHECK(has(edges("job:clothes"), "clothes -version> clothes@V0004"));
  CHECK(has(edges("job:clothes"), "s3://bucket/shoes -data_url> clothes@V0004"));
  CHECK(has(edges("experiment:spring"), "spring -member> clothes"));
  CHECK(has(edges("algorithm:resnet18"), "resnet18 -algorithm> clothes@V0003"));
  CHECK(has(edges("dataset:flowers"), "flowers -version> flowers@V001"));
  CHECK(has(edges("model:flowers"), "flowers -version> flowers@1.0.0"));
  CHECK(has(edges("model:flowers"), "clothes@V0003 -model> flowers@1.0.0"));
  CHECK(has(edges("data:s3://bucket/shoes"), "s3://bucket/shoes -data_url> clothes@V0004"));
  CHECK(home.graph("version:clothes@V0002").nodes.front().name == "clothes@V0002");
  CHECK(home.graph("clothes").nodes.front().name == "clothes@V0004");
  const std::string id = home.graph("clothes@2").nodes.front().id;
  CHECK(home.graph(id).nodes.front().name == "clothes@V0002");
}

TEST_CASE("What is no version says what else has the name") {
  const LineageHome home;
  Registry registry = home.writer();
  const Error error = error_of([&] { lineage_start(registry, "flowers"); });
  CHECK(error.kind() == ErrorKind::not_found);
  CHECK(error.hint().find("dataset:flowers") != std::string::npos);
  CHECK(error.hint().find("model:flowers") != std::string::npos);
  CHECK(error_of([&] { lineage_start(registry, "shop"); }).hint().find("service:shop") !=
        std::string::npos);
  CHECK(error_of([&] { lineage_start(registry, "clothes@9"); }).kind() == ErrorKind::not_found);
  CHECK(error_of([&] { lineage_start(registry, "nothing:x"); }).kind() == ErrorKind::usage);
  CHECK(error_of([&] { lineage_start(registry, "service:x"); }).kind() == ErrorKind::not_found);
  CHECK(error_of([&] { home.graph("version#4711"); }).kind() == ErrorKind::not_found);
}

TEST_CASE("Data is found by its path from the working directory, and what nobody read is not") {
  const LineageHome home;
  home.make_version(home.version_on(absolute_path("data/shoes").string(), "shoes"));
  for (const char* path : {"data/shoes", "./data/shoes/", "data/../data//shoes"}) {
    INFO(path);
    CHECK(edges_of(home.graph(std::string("data:") + path)) ==
          Names{absolute_path("data/shoes").string() + " -data_url> shoes@V0001"});
  }
  for (const char* unknown : {"data:data", "data:/data/shoes", "data:s3://bucket/hats"}) {
    INFO(unknown);
    const Error error = error_of([&] { home.graph(unknown); });
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.message().find("nothing was made from '") == 0);
    CHECK(error.hint().find("mat lineage JOB@V0001 --up") != std::string::npos);
  }
  home.writer().delete_job("shoes");
  CHECK(home.graph("data:data/shoes").nodes.size() == 2);
}

TEST_CASE("A dataset that was not there when a version was made is data, and leads to it") {
  const LineageHome home;
  home.make_version(home.version_on("dataset://hats@V003", "hats"));
  const LineageGraph graph = home.graph("hats@1");
  REQUIRE(graph.nodes.size() == 2);
  CHECK(graph.nodes[1].name == "dataset://hats@V003");
  CHECK(home.graph(graph.nodes[1].reference).nodes.size() == 2);
}

TEST_CASE("The import of an export leads to the model that was exported, of this home alone") {
  const LineageHome home;
  const auto import = [&](const std::string& model, const Json& origin) {
    NewModelVersion version;
    version.model = "again";
    version.network = "resnet18";
    version.origin = {{"kind", "file"},
                      {"file", "/net.safetensors"},
                      {"exported", {{"model", model}, {"origin", origin}}}};
    const ModelVersionRecord made = home.writer().create_model_version(
        version, [](const std::filesystem::path& p) { std::filesystem::create_directories(p); });
    return "model:" + made.reference();
  };
  const auto leads_to_it = [&](const std::string& reference) {
    const Names edges = edges_of(home.graph(reference, {true, false}));
    return std::any_of(edges.begin(), edges.end(), [](const std::string& edge) {
      return edge.find("flowers@1.0.0 -import> again@") == 0;
    });
  };
  const Json origin = home.reader().model_version("flowers@1.0.0").origin;
  const std::string imported = import("flowers@1.0.0", origin);
  CHECK(leads_to_it(imported));
  CHECK(find_node(home.graph(imported), "clothes@V0003") != nullptr);
  CHECK(find_node(home.graph("model:flowers@1.0.0"), "again@1.0.0") != nullptr);
  // Another home's model of that name, none at all, and what is no name.
  CHECK_FALSE(leads_to_it(import("flowers@1.0.0", {{"kind", "version"}})));
  CHECK_FALSE(leads_to_it(import("flowers@2.0.0", origin)));
  CHECK_FALSE(leads_to_it(import("../flowers@@", origin)));
  CHECK_FALSE(leads_to_it(import("flowers", origin)));
  CHECK_FALSE(leads_to_it(import("flowers@1.0.0", Json())));
}

TEST_CASE("A lineage answers for what was deleted") {
  const LineageHome home;
  const Names before = edges_of(home.graph("service:shop"));
  {
    Registry registry = home.writer();
    end_service(registry, "shop");
    registry.delete_service("shop");
    registry.delete_model("flowers");
    registry.delete_params("base");
    registry.delete_job("clothes");
    registry.delete_experiment("spring");
    registry.delete_dataset("flowers");
  }
  const LineageGraph graph = home.graph("service:shop");
  CHECK(edges_of(graph) == before);
  for (const LineageNode& node : graph.nodes) {
    CHECK(node.is_deleted());
    CHECK(*node.deleted_ms >= node.created_ms);
  }
  const LineageNode* version = find_node(graph, "clothes@V0003");
  REQUIRE(version != nullptr);
  CHECK(version->facts.at("status") == "Completed");
  CHECK(version->facts.at("experiment") == "spring");
  CHECK(version->facts.at("git") == "0123456789abcdef");
  CHECK(version->facts.at("accuracy") == 0.75);
  // Raw data of a deleted version, and the deleted configuration that led to it.
  const Names fourth = edges_of(home.graph("version:clothes@V0004"));
  CHECK(std::find(fourth.begin(), fourth.end(), "s3://bucket/shoes -data_url> clothes@V0004") !=
        fourth.end());
  CHECK(std::find(fourth.begin(), fourth.end(), "base -params> clothes@V0004") != fourth.end());
  CHECK(home.graph("job:clothes").nodes.size() >= 5);
  CHECK(home.graph("data:s3://bucket/shoes").nodes.size() == 2);
  CHECK(home.graph("algorithm:resnet18").nodes.size() > 4);
  CHECK(home.graph("experiment:spring").nodes.size() > 2);
}

TEST_CASE("A name that is used again is not what was deleted") {
  const LineageHome home;
  {
    Registry registry = home.writer();
    registry.delete_job("clothes");
    registry.delete_dataset("flowers");
  }
  home.publish("flowers");
  home.make_version(home.version_on("dataset://flowers@V001"));

  const LineageGraph anew = home.graph("clothes@1");
  CHECK(names_of(anew) == Names{"clothes@V0001", "flowers", "flowers@V001"});
  for (const LineageNode& node : anew.nodes) CHECK_FALSE(node.is_deleted());

  // What was made of the old one still leads to the old one.
  const LineageGraph old = home.graph("model:flowers@1.0.0");
  const LineageNode* version = find_node(old, "clothes@V0001");
  REQUIRE(version != nullptr);
  CHECK(version->is_deleted());
  CHECK(version->id != anew.nodes.front().id);
  CHECK(home.graph(version->reference).nodes.front().id == version->id);
}

TEST_CASE("Of several deleted things of one name the last is meant, and the others are named") {
  const LineageHome home;
  for (int i = 0; i < 2; ++i) {
    Registry registry = home.writer();
    registry.delete_job("clothes");
    home.make_version(home.version_on("s3://bucket/" + std::to_string(i)));
  }
  home.writer().delete_job("clothes");
  const LineageGraph graph = home.graph("version:clothes@V0001");
  CHECK(find_node(graph, "s3://bucket/1") != nullptr);
  CHECK(graph.note.find("3 things of this name were deleted") == 0);
  CHECK(graph.note.find("version#") != std::string::npos);
}

TEST_CASE("A deletion that fails leaves nothing of the deletion") {
  const LineageHome home;
  Registry registry = home.writer();
  // It is in service.
  CHECK(error_of([&] { registry.delete_model("flowers"); }).kind() == ErrorKind::conflict);
  CHECK(registry.find_deleted(LineageKind::model, "flowers").empty());
  CHECK_FALSE(home.graph("model:flowers").nodes.front().is_deleted());
}

TEST_CASE("What a service answered with before stays known") {
  const LineageHome home;
  Registry registry = home.writer();
  registry.set_service_source(registry.service("shop").id, {Status::pending},
                              "version:clothes@V0001", std::nullopt);
  CHECK(edges_of(home.graph("service:shop", {true, false, 1})) ==
        Names{"1 more it was made from -more> clothes@V0001",
              "1 more it was made from -more> flowers@1.0.0", "clothes@V0001 -serves> shop",
              "flowers@1.0.0 -served> shop"});
  registry.set_service_source(registry.service("shop").id, {Status::pending}, "model:flowers@1.0.0",
                              registry.model_version("flowers").id);
  const Names edges = edges_of(home.graph("service:shop", {true, false, 1}));
  CHECK(std::count(edges.begin(), edges.end(), "flowers@1.0.0 -serves> shop") == 1);
  CHECK(std::count(edges.begin(), edges.end(), "clothes@V0001 -served> shop") == 1);
}

TEST_CASE("A version that was modified from one with given weights has both as parents") {
  const LineageHome home;
  NewVersion version = home.version_on("dataset://flowers@V001");
  version.settings["inputs.weights_url"] = setting(home.weights_of("clothes", 2));
  version.parent = home.reader().version("clothes@3").id;
  home.make_version(version);
  const Names edges = edges_of(home.graph("clothes@5", {true, false, 1}));
  CHECK(std::count(edges.begin(), edges.end(), "clothes@V0002 -incremental> clothes@V0005") == 1);
  CHECK(std::count(edges.begin(), edges.end(), "clothes@V0003 -modify> clothes@V0005") == 1);
}

TEST_CASE("A version that was resumed says so, also when it was deleted") {
  const LineageHome home;
  const VersionRecord version =
      home.make_version(home.version_on("s3://a/b"), Status::initializing);
  {
    Registry registry = home.writer();
    registry.change_status(version.id, {Status::initializing}, Status::pending, "");
    registry.change_status(version.id, {Status::pending}, Status::running, "");
    // A restart by itself is no resumption.
    registry.change_status(version.id, {Status::running}, Status::pending, "");
    registry.change_status(version.id, {Status::pending}, Status::running, "");
    registry.change_status(version.id, {Status::running}, Status::terminated, "");
    registry.change_status(version.id, {Status::terminated}, Status::pending, "");
    registry.change_status(version.id, {Status::pending}, Status::completed, "");
  }
  const auto is_resumed = [&] {
    const auto details = details_of(home.graph("version:clothes@V0005").nodes.front());
    return std::count(details.begin(), details.end(), "resumed") == 1;
  };
  CHECK(is_resumed());
  home.writer().delete_version(version.id);
  CHECK(is_resumed());
}

TEST_CASE("Long fans are cut, what led on is kept, and all is shown on request") {
  const LineageHome home;
  std::vector<NewVersion> versions(1000, home.version_on("dataset://flowers@V001", "many"));
  home.writer().create_versions(versions);
  const LineageGraph graph = home.graph("dataset:flowers");
  CHECK(graph.nodes.size() < 40);
  CHECK(find_node(graph, "clothes@V0003") != nullptr);
  CHECK(find_node(graph, "many@V1000") != nullptr);
  CHECK(find_node(graph, "991 more versions") != nullptr);
  std::int64_t hidden = 0;
  for (const LineageNode& node : graph.nodes) hidden += node.hidden;
  CHECK(hidden == 991);
  LineageOptions all;
  all.is_folded = false;
  CHECK(home.graph("dataset:flowers", all).nodes.size() == 1009);
}

TEST_CASE("A long chain is cut at a readable depth") {
  const LineageHome home;
  Id parent = home.reader().version("clothes@1").id;
  for (int i = 0; i < 30; ++i) {
    NewVersion version = home.version_on("s3://a/b");
    version.parent = parent;
    parent = home.make_version(version).id;
  }
  const LineageGraph graph = home.graph("clothes@34", {true, false});
  CHECK(graph.nodes.size() < 20);
  CHECK(graph.nodes.back().hidden == 1);
  LineageOptions all;
  all.is_folded = false;
  CHECK(find_node(home.graph("clothes@34", all), "clothes@V0001") != nullptr);
}

TEST_CASE("A version does not come from itself") {
  const LineageHome home;
  NewVersion version = home.version_on("s3://a/b");
  const std::string own = home.weights_of("clothes", 5);
  version.settings["inputs.weights_url"] = setting(own);
  home.make_version(version);
  CHECK(edges_of(home.graph("clothes@5")) ==
        Names{own + " -weights_url> clothes@V0005", "s3://a/b -data_url> clothes@V0005"});
}

TEST_CASE("The JSON of a lineage has nodes with their facts and edges between their ids") {
  const LineageHome home;
  home.writer().delete_version(home.reader().version("clothes@1").id);
  const Json json = to_json(home.graph("clothes@3"));
  CHECK(json.at("start") == json.at("nodes").at(0).at("id"));
  std::vector<std::string> ids;
  for (const Json& node : json.at("nodes")) ids.push_back(node.at("id"));
  for (const Json& edge : json.at("edges")) {
    CHECK(std::count(ids.begin(), ids.end(), edge.at("from")) == 1);
    CHECK(std::count(ids.begin(), ids.end(), edge.at("to")) == 1);
  }
  for (const Json& node : json.at("nodes")) {
    const bool is_first = node.at("name") == "clothes@V0001";
    CHECK(node.at("deleted") == is_first);
    CHECK(node.at("deleted_at").is_null() == !is_first);
    if (node.at("kind") == "version") CHECK(node.at("dirty") == true);
  }
}

}  // namespace mat
