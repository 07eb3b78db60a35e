#include "core/lineage/lineage_graph.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/time.h"

namespace mat {
namespace {

// Of a graph that is to be read.
constexpr int kFoldedDepth = 10;
constexpr std::int64_t kFoldedFan = 12;
constexpr std::int64_t kFoldedRows = 150;
constexpr std::size_t kCommitDigits = 8;

std::string id_of(const LineageKey& key) {
  if (key.id == 0) return fmt::format("{}:{}", name_of(key.kind), key.text);
  return fmt::format("{}#{}", name_of(key.kind), key.id);
}

// What lineage_start() takes for it.
std::string reference_of(const LineageRecord& record) {
  if (record.deleted_ms) return id_of(record.key);
  switch (record.key.kind) {
    case LineageKind::dataset_version:
      return "dataset:" + record.name;
    case LineageKind::model_version:
      return "model:" + record.name;
    default:
      return fmt::format("{}:{}", name_of(record.key.kind), record.name);
  }
}

LineageNode node_of(LineageRecord record) {
  LineageNode node;
  node.id = id_of(record.key);
  node.kind = record.key.kind;
  node.reference = reference_of(record);
  node.name = std::move(record.name);
  node.created_ms = record.created_ms;
  node.deleted_ms = record.deleted_ms;
  node.facts = std::move(record.facts);
  node.facts.erase("inputs");
  return node;
}

// What the omitted ones probably are, for a person.
const char* hidden_words(const LineageKey& key, bool is_up) {
  if (is_up) return "it was made from";
  switch (key.kind) {
    case LineageKind::data:
    case LineageKind::dataset_version:
    case LineageKind::job:
    case LineageKind::algorithm:
    case LineageKind::params:
      return "versions";
    case LineageKind::dataset:
      return "dataset versions";
    case LineageKind::model:
      return "model versions";
    case LineageKind::experiment:
      return "jobs";
    case LineageKind::model_version:
      return "services";
    default:
      return "made from it";
  }
}

// Nothing is made from what came after it, but a damaged registry might say so.
void drop_cycles(LineageGraph& graph) {
  std::vector<std::size_t> waiting(graph.nodes.size());
  std::vector<std::vector<std::size_t>> out(graph.nodes.size());
  for (const LineageEdge& edge : graph.edges) {
    ++waiting[edge.to];
    out[edge.from].push_back(edge.to);
  }
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (waiting[i] == 0) ready.push_back(i);
  }
  std::vector<bool> is_placed(graph.nodes.size());
  for (std::size_t at = 0; at < ready.size(); ++at) {
    is_placed[ready[at]] = true;
    for (const std::size_t to : out[ready[at]]) {
      if (--waiting[to] == 0) ready.push_back(to);
    }
  }
  if (ready.size() == graph.nodes.size()) return;
  // Of those that are left, an edge stays when it leads from the older to the younger.
  std::erase_if(graph.edges, [&](const LineageEdge& edge) {
    if (is_placed[edge.from] || is_placed[edge.to]) return false;
    const auto age = [&](std::size_t node) {
      return std::pair(graph.nodes[node].created_ms, node);
    };
    return age(edge.from) >= age(edge.to);
  });
}

void add_text(std::vector<std::string>& details, const Json& facts, const char* name,
              const char* words = "") {
  const auto found = facts.find(name);
  if (found == facts.end() || !found->is_string()) return;
  const auto& text = found->get_ref<const std::string&>();
  if (!text.empty()) details.push_back(words + text);
}

std::int64_t count_of(const Json& facts, const char* name) {
  const auto found = facts.find(name);
  return found != facts.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

void add_code(std::vector<std::string>& details, const Json& facts) {
  const auto found = facts.find("git");
  if (found == facts.end() || !found->is_string()) return;
  const auto dirty = facts.find("dirty");
  // JSON of SQLite has true as 1.
  const bool is_dirty = dirty != facts.end() && (*dirty == true || *dirty == 1);
  details.push_back(fmt::format("code {}{}", found->get<std::string>().substr(0, kCommitDigits),
                                is_dirty ? ", changed" : ""));
}

}  // namespace

LineageGraph lineage_of(Registry& registry, const LineageKey& start,
                        const LineageOptions& options) {
  LineageWalk walk;
  walk.up = options.up;
  walk.down = options.down;
  walk.depth = options.depth;
  if (options.is_folded) {
    if (walk.depth == 0) walk.depth = kFoldedDepth;
    walk.fan = kFoldedFan;
    walk.most_rows = kFoldedRows;
  }
  LineageRows rows = registry.lineage(start, walk);
  LineageGraph graph;
  std::map<LineageKey, std::size_t> places;
  for (LineageRecord& record : rows.records) {
    places[record.key] = graph.nodes.size();
    graph.nodes.push_back(node_of(std::move(record)));
  }
  for (LineageLink& link : rows.links) {
    graph.edges.push_back({places.at(link.from), places.at(link.to), std::move(link.relation),
                           std::move(link.label)});
  }
  drop_cycles(graph);
  for (const LineageOmission& omission : rows.omissions) {
    const std::size_t at = places.at(omission.key);
    LineageNode node;
    node.id = fmt::format("{} {}", graph.nodes[at].id, omission.is_up ? "before" : "after");
    node.name =
        fmt::format("{} more {}", omission.count, hidden_words(omission.key, omission.is_up));
    node.hidden = omission.count;
    const std::size_t hidden = graph.nodes.size();
    graph.nodes.push_back(std::move(node));
    omission.is_up ? graph.edges.push_back({hidden, at, "more", {}})
                   : graph.edges.push_back({at, hidden, "more", {}});
  }
  return graph;
}

LineageGraph lineage_of(Registry& registry, const std::string& reference,
                        const LineageOptions& options) {
  const LineageStart start = lineage_start(registry, reference);
  LineageGraph graph = lineage_of(registry, start.key, options);
  graph.note = start.note;
  return graph;
}

const char* words_of(const LineageNode& node) {
  if (!node.kind) return "";
  switch (*node.kind) {
    case LineageKind::dataset_version:
      return "dataset version";
    case LineageKind::model_version:
      return "model version";
    case LineageKind::params:
      return "configuration";
    default:
      return name_of(*node.kind);
  }
}

std::vector<std::string> state_of(const LineageNode& node) {
  std::vector<std::string> details;
  if (node.deleted_ms) {
    details.push_back(*node.deleted_ms == 0 ? "deleted"
                                            : "deleted " + short_local_text(*node.deleted_ms));
  }
  const Json& facts = node.facts;
  add_text(details, facts, "status");
  if (const auto accuracy = facts.find("accuracy");
      accuracy != facts.end() && accuracy->is_number()) {
    details.push_back(fmt::format("accuracy {:.4f}", accuracy->get<double>()));
  }
  add_text(details, facts, "aliases");
  add_text(details, facts, "given_name");
  if (const auto pictures = count_of(facts, "pictures"); pictures > 0) {
    details.push_back(fmt::format("{} picture{}", pictures, pictures == 1 ? "" : "s"));
  }
  if (const auto resumes = count_of(facts, "resumes"); resumes > 0) {
    details.push_back(resumes == 1 ? "resumed" : fmt::format("resumed {} times", resumes));
  }
  return details;
}

std::vector<std::string> background_of(const LineageNode& node) {
  std::vector<std::string> details;
  const Json& facts = node.facts;
  add_text(details, facts, "algorithm");
  add_text(details, facts, "network");
  add_code(details, facts);
  add_text(details, facts, "experiment", "experiment ");
  add_text(details, facts, "exported_from", "exported from ");
  add_text(details, facts, "address");
  return details;
}

std::vector<std::string> details_of(const LineageNode& node) {
  std::vector<std::string> details = state_of(node);
  for (std::string& more : background_of(node)) details.push_back(std::move(more));
  return details;
}

Json to_json(const LineageGraph& graph) {
  Json nodes = Json::array();
  for (const LineageNode& node : graph.nodes) {
    Json json{{"id", node.id},
              {"kind", node.kind ? Json(name_of(*node.kind)) : Json("more")},
              {"name", node.name},
              {"reference", node.reference.empty() ? Json() : Json(node.reference)},
              {"created", node.created_ms == 0 ? Json() : Json(utc_text(node.created_ms))},
              {"deleted", node.is_deleted()},
              {"deleted_at",
               node.deleted_ms.value_or(0) == 0 ? Json() : Json(utc_text(*node.deleted_ms))}};
    if (node.hidden > 0) json["hidden"] = node.hidden;
    for (const auto& [name, value] : node.facts.items()) json[name] = value;
    if (const auto dirty = json.find("dirty"); dirty != json.end() && dirty->is_number()) {
      *dirty = *dirty != 0;
    }
    nodes.push_back(std::move(json));
  }
  Json edges = Json::array();
  for (const LineageEdge& edge : graph.edges) {
    edges.push_back({{"from", graph.nodes[edge.from].id},
                     {"to", graph.nodes[edge.to].id},
                     {"relation", edge.relation},
                     {"label", edge.label.empty() ? Json() : Json(edge.label)}});
  }
  return {{"start", graph.nodes.front().id}, {"nodes", nodes}, {"edges", edges}};
}

}  // namespace mat
