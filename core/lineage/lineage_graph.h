#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/registry/registry.h"

// What a dataset, version, model, … was made from and what was made from it, as a graph to show.

namespace mat {

struct LineageNode {
  std::string id;  // "version#17", or "data:/pictures" of what has no number; stable
  std::optional<LineageKind> kind;  // nothing: stands for others that are not shown
  std::string name;                 // "clothes@V0003", "980 more versions"
  // What lineage_start() takes: "version:clothes@V0003", of a deleted one its id. Empty for others
  // that are not shown.
  std::string reference;
  std::int64_t created_ms = 0;             // 0: not known
  std::optional<std::int64_t> deleted_ms;  // 0: when is not known
  Json facts = Json::object();             // see LineageRecord
  std::int64_t hidden = 0;                 // how many it stands for

  bool is_deleted() const { return deleted_ms.has_value(); }
};

struct LineageEdge {
  std::size_t from = 0, to = 0;  // `to` was made from `from`
  std::string relation, label;   // see LineageLink

  // "modify", of an input its channel; for a person to read.
  const std::string& text() const { return label.empty() ? relation : label; }
};

// Has no cycle. The first node is the one that was asked for; nearer ones come before farther ones.
struct LineageGraph {
  std::vector<LineageNode> nodes;
  std::vector<LineageEdge> edges;
  std::string note;  // what a person should know of the choice; may be empty
};

struct LineageOptions {
  bool up = true, down = true;
  int depth = 0;  // links away; 0: all, or a readable number when folded
  // Long fans and chains are cut, so that the graph is readable; otherwise everything is there.
  bool is_folded = true;
};

// The thing that a person means: "JOB", "JOB@3", "JOB@best": a version of a job;
// "dataset:flowers", "dataset:flowers@V001", "version:JOB@V0001", "job:JOB", "model:flowers",
// "model:flowers@1.0.0", "service:NAME", "algorithm:NAME", "experiment:NAME", "params:NAME",
// "data:PATH", also relative to the working directory; or the id of a node, "version#17". Where
// nothing of that name is there any more, it is the last that was deleted. Throws not_found with
// what else has the name, and usage errors.
struct LineageStart {
  LineageKey key;
  std::string note;
};
LineageStart lineage_start(Registry& registry, const std::string& reference);

LineageGraph lineage_of(Registry& registry, const LineageKey& start, const LineageOptions& options);
LineageGraph lineage_of(Registry& registry, const std::string& reference,
                        const LineageOptions& options);

// "dataset version", "model": for a person; "" for what stands for others.
const char* words_of(const LineageNode& node);

// What is to be said of it beside its name, the most important first. Its state: "deleted
// 01-31 12:00", "Completed", "accuracy 0.9312"; how it came to be: "resnet18", "code 1a2b3c4,
// changed", "experiment first"; both.
std::vector<std::string> state_of(const LineageNode& node);
std::vector<std::string> background_of(const LineageNode& node);
std::vector<std::string> details_of(const LineageNode& node);

// {"start": ID, "nodes": [{"id", "kind", "name", "reference", "created", "deleted", "deleted_at",
// "hidden", …facts}], "edges": [{"from", "to", "relation", "label"}]}
Json to_json(const LineageGraph& graph);

}  // namespace mat
