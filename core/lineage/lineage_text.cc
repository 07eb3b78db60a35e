#include "core/lineage/lineage_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kStart = 0;

bool belongs(const LineageEdge& edge) {
  return edge.relation == "version" || edge.relation == "member" || edge.relation == "more";
}

// As a person would say it in front of the name; a version of a job goes without.
std::string word_before(const LineageNode& node) {
  if (!node.kind || node.kind == LineageKind::version) return {};
  if (node.kind == LineageKind::dataset_version) return "dataset ";
  if (node.kind == LineageKind::model_version) return "model ";
  return std::string(words_of(node)) + " ";
}

LineageRole role_of_detail(const LineageNode& node, const std::string& detail) {
  if (node.is_deleted()) return LineageRole::faint;
  if (detail == "Completed") return LineageRole::good;
  if (detail == "Failed" || detail == "Abnormal") return LineageRole::bad;
  if (detail == "Running")
    return node.kind == LineageKind::service ? LineageRole::good : LineageRole::active;
  return LineageRole::detail;
}

class Tree {
 public:
  Tree(const LineageGraph& graph, int columns)
      : graph_(graph),
        columns_(columns),
        up_(graph.nodes.size()),
        down_(graph.nodes.size()),
        coming_(graph.nodes.size()),
        is_branch_(graph.edges.size()) {
    for (std::size_t i = 0; i < graph.edges.size(); ++i) coming_[graph.edges[i].to].push_back(i);
  }

  std::vector<LineageLine> lines() {
    grow(true);
    grow(false);
    LineageLine line;
    add_node(line, graph_.nodes[kStart], LineageRole::start);
    add_others(line, kStart);
    add_background(line, kStart);
    finish(std::move(line));
    section("made from", true);
    section("led to", false);
    if (lines_.size() == 1) {
      finish({{"nothing is known of what it was made from, and nothing was made from it",
               LineageRole::faint}});
    }
    return std::move(lines_);
  }

 private:
  using Branches = std::vector<std::vector<std::size_t>>;  // edges, by the node nearer to the start

  // Edges by which things are reached first.
  void grow(bool is_up) {
    std::vector<std::vector<std::size_t>> edges_of(graph_.nodes.size());
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) {
      edges_of[is_up ? graph_.edges[i].to : graph_.edges[i].from].push_back(i);
    }
    std::vector<bool> is_seen(graph_.nodes.size()), is_member(graph_.nodes.size());
    std::deque<std::size_t> queue{kStart};
    // What a job or a model was made from is what its versions were made from.
    for (const LineageEdge& edge : graph_.edges) {
      if (!is_up || edge.from != kStart || edge.relation != "version") continue;
      is_member[edge.to] = true;
      queue.push_back(edge.to);
    }
    for (const std::size_t node : queue) is_seen[node] = true;
    for (; !queue.empty(); queue.pop_front()) {
      const std::size_t node = queue.front();
      // In the order of the nodes: those that led on first, what is hidden last.
      std::vector<std::pair<std::size_t, std::size_t>> next;
      for (const std::size_t edge : edges_of[node]) {
        const std::size_t other = is_up ? graph_.edges[edge].from : graph_.edges[edge].to;
        if (!is_seen[other]) next.emplace_back(other, edge);
      }
      std::sort(next.begin(), next.end());
      for (const auto& [other, edge] : next) {
        if (is_seen[other]) continue;
        is_seen[other] = true;
        (is_up ? up_ : down_)[is_member[node] ? kStart : node].push_back(edge);
        // A version says itself what it was made from, since others were too.
        is_branch_[edge] = !is_member[node];
        queue.push_back(other);
      }
    }
  }

  void section(const char* heading, bool is_up) {
    if ((is_up ? up_ : down_)[kStart].empty()) return;
    finish({{heading, LineageRole::heading}});
    add_branches(kStart, "", is_up);
  }

  void add_branches(std::size_t node, const std::string& indent, bool is_up) {
    const auto& edges = (is_up ? up_ : down_)[node];
    for (std::size_t i = 0; i < edges.size(); ++i) {
      const bool is_last = i + 1 == edges.size();
      const LineageEdge& edge = graph_.edges[edges[i]];
      const std::size_t other = is_up ? edge.from : edge.to;
      LineageLine line{{indent + (is_last ? "└─ " : "├─ "), LineageRole::tree}};
      if (!belongs(edge)) line.push_back({printable(edge.text()) + "  ", LineageRole::relation});
      add_node(line, graph_.nodes[other], LineageRole::name);
      add_others(line, other);
      add_background(line, other);
      finish(std::move(line));
      add_branches(other, indent + (is_last ? "   " : "│  "), is_up);
    }
  }

  void add_node(LineageLine& line, const LineageNode& node, LineageRole role) const {
    if (!node.kind) {
      line.push_back({"… " + node.name, LineageRole::faint});
      return;
    }
    if (const std::string word = word_before(node); !word.empty()) {
      line.push_back({word, LineageRole::faint});
    }
    const bool is_faint = node.is_deleted() && role != LineageRole::start;
    line.push_back({printable(node.name), is_faint ? LineageRole::faint : role});
    bool is_first = true;
    for (const std::string& detail : state_of(node)) {
      line.push_back({is_first ? "  " : ", ", LineageRole::detail});
      // What is gone is what is to be seen first.
      const bool is_end = node.is_deleted() && is_first;
      line.push_back({printable(detail), is_end ? LineageRole::bad : role_of_detail(node, detail)});
      is_first = false;
    }
  }

  void add_background(LineageLine& line, std::size_t at) const {
    const LineageNode& node = graph_.nodes[at];
    const bool is_faint = node.is_deleted() && at != kStart;
    std::string text = join(background_of(node), ", ");
    if (!text.empty()) {
      line.push_back({"  " + printable(text), is_faint ? LineageRole::faint : LineageRole::detail});
    }
  }

  // Links that are no branches of the tree: to things that stand elsewhere.
  void add_others(LineageLine& line, std::size_t node) const {
    std::string others;
    for (const std::size_t i : coming_[node]) {
      const LineageEdge& edge = graph_.edges[i];
      if (is_branch_[i] || belongs(edge)) continue;
      others += fmt::format("{}{} {}", others.empty() ? "  ← " : ", ", printable(edge.text()),
                            printable(graph_.nodes[edge.from].name));
    }
    if (!others.empty()) line.push_back({others, LineageRole::relation});
  }

  void finish(LineageLine line) {
    int left = columns_;
    for (std::size_t i = 0; columns_ > 0 && i < line.size(); ++i) {
      const int width = display_width(line[i].text);
      if (width <= left) {
        left -= width;
        continue;
      }
      line[i].text = fit_width(line[i].text, left);
      line.resize(i + 1);
    }
    lines_.push_back(std::move(line));
  }

  const LineageGraph& graph_;
  int columns_;
  Branches up_, down_, coming_;
  std::vector<bool> is_branch_;
  std::vector<LineageLine> lines_;
};

// In a quoted text of graphviz; a line break is \n there.
std::string dot_text(const std::string& text) {
  std::string escaped;
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::vector<LineageLine> lineage_lines(const LineageGraph& graph, int columns) {
  return Tree(graph, columns).lines();
}

std::string lineage_dot(const LineageGraph& graph) {
  std::string dot =
      "digraph lineage {\n  rankdir=LR;\n  node [shape=box, style=rounded, "
      "fontname=\"sans-serif\", "
      "fontsize=11];\n  edge [fontname=\"sans-serif\", fontsize=9];\n";
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const LineageNode& node = graph.nodes[i];
    std::string label = dot_text(node.name);
    if (node.kind) label = std::string(words_of(node)) + "\\n" + label;
    for (const std::string& detail : details_of(node)) label += "\\n" + dot_text(detail);
    std::string style;
    if (i == kStart) style = ", style=\"rounded,bold\", penwidth=2.5";
    if (!node.kind) style = ", shape=plaintext";
    if (node.is_deleted()) style += ", color=gray50, fontcolor=gray50";
    dot += fmt::format("  n{} [label=\"{}\"{}];\n", i, label, style);
  }
  for (const LineageEdge& edge : graph.edges) {
    dot += fmt::format("  n{} -> n{} [label=\"{}\"];\n", edge.from, edge.to,
                       belongs(edge) ? "" : dot_text(edge.text()));
  }
  return dot + "}\n";
}

}  // namespace mat
