#pragma once

#include <string>

#include "core/lineage/lineage_graph.h"
#include "tests/core/registry/registry_home.h"

namespace mat {

// A home in which something has been made of everything.
class LineageHome {
 public:
  LineageHome() { fill(); }

  const Home& home() const { return home_.home(); }
  Registry writer() const { return home_.writer(); }
  Registry reader() const { return home_.reader(); }

  LineageGraph graph(const std::string& reference, const LineageOptions& options = {}) const {
    Registry registry = reader();
    return lineage_of(registry, reference, options);
  }

  VersionRecord make_version(NewVersion version, Status status = Status::completed) const {
    version.status = status;
    Registry registry = writer();
    return registry.create_version(version, "");
  }

  NewVersion version_on(const std::string& place, const std::string& job = "clothes") const {
    NewVersion version = new_version(job, {{"lr", 0.1}});
    version.settings["inputs.data_url"] = setting(place);
    version.facts = {{"git", {{"commit", "0123456789abcdef"}, {"dirty", true}}}};
    version.metrics["accuracy"] = summary(0.75);
    return version;
  }

  DatasetVersionRecord publish(const std::string& dataset) const {
    Registry registry = writer();
    if (!registry.find_dataset(dataset)) {
      DatasetRecord record;
      record.name = dataset;
      registry.create_dataset(record);
    }
    DatasetVersionRecord version;
    version.dataset = dataset;
    version.counts = {{"pictures", 1200}};
    return registry.create_dataset_version(version, [](const std::filesystem::path&) {});
  }

  std::string weights_of(const std::string& job, std::int64_t number) const {
    return (home().version_folder(job, number) / "output" / "best.safetensors").string();
  }

 private:
  // flowers@V001 → clothes@1 → (modify) 2 → (incremental) 3 → model flowers@1.0.0 → service shop
  //                            2 → configuration base → clothes@4, which has data of its own
  void fill() const {
    publish("flowers");
    NewVersion first = version_on("dataset://flowers@V001");
    first.experiment = "spring";
    const Id v1 = make_version(first).id;
    NewVersion second = version_on("dataset://flowers@V001");
    second.parent = v1;
    const Id v2 = make_version(second, Status::failed).id;
    NewVersion third = version_on("dataset://flowers@V001");
    third.settings["inputs.weights_url"] = setting(weights_of("clothes", 2));
    third.parent = v2;
    const Id v3 = make_version(third).id;
    Registry registry = writer();
    ParamsRecord params;
    params.name = "base";
    params.origin = "clothes@V0002";
    registry.create_params(params);
    NewVersion fourth = version_on("s3://bucket/shoes");
    fourth.settings["hyperparameters.lr"] = {{"value", 0.1}, {"source", "params base"}};
    make_version(fourth);
    NewModelVersion model;
    model.model = "flowers";
    model.network = "resnet18";
    model.made_of = v3;
    const Id m = registry
                     .create_model_version(model,
                                           [](const std::filesystem::path& p) {
                                             std::filesystem::create_directories(p);
                                           })
                     .id;
    ServiceRecord service;
    service.name = "shop";
    service.source = "model:flowers@1.0.0";
    service.model_version = m;
    registry.create_service(service);
  }

  RegistryHome home_;
};

inline const LineageNode* find_node(const LineageGraph& graph, const std::string& name) {
  for (const LineageNode& node : graph.nodes) {
    if (node.name == name) return &node;
  }
  return nullptr;
}

// "clothes@V0001 -modify> clothes@V0002", in order.
inline std::vector<std::string> edges_of(const LineageGraph& graph) {
  std::vector<std::string> edges;
  for (const LineageEdge& edge : graph.edges) {
    edges.push_back(graph.nodes[edge.from].name + " -" + edge.text() + "> " +
                    graph.nodes[edge.to].name);
  }
  std::sort(edges.begin(), edges.end());
  return edges;
}

}  // namespace mat
