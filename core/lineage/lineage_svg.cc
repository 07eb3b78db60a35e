#include "core/lineage/lineage_svg.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/base/markup.h"
#include "core/base/text.h"
#include "core/lineage/layered_layout.h"

namespace mat {
namespace {

constexpr double kMargin = 20;
constexpr double kPadding = 12;
// Of the fonts below; what is a little wide is better than what does not fit.
constexpr double kNameColumn = 8.7, kSmallColumn = 6.7;
constexpr double kKindLine = 15, kNameLine = 18, kDetailLine = 15;
constexpr int kMostColumns = 36;
constexpr std::size_t kMostDetails = 3;
constexpr double kLeastWidth = 90;

constexpr const char* kStyle = R"css(<style>
svg.lineage{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
.lineage .back{fill:#ffffff}
.lineage .edge{fill:none;stroke:#8a94a6;stroke-width:1.4}
.lineage .served{stroke-dasharray:4 4}
.lineage .arrow{fill:#8a94a6}
.lineage .label{fill:#4a5568;font-size:10.5px;stroke:#ffffff;stroke-width:4px;paint-order:stroke}
.lineage rect{fill:#f4f6f9;stroke:#9aa5b5;stroke-width:1}
.lineage .kind{fill:#56606f;font-size:10.5px}
.lineage .name{fill:#111827;font-size:13px;font-weight:600}
.lineage .detail{fill:#3c4656;font-size:11px}
.lineage .dataset rect,.lineage .dataset_version rect,.lineage .data rect{fill:#e9f5ec;stroke:#5c9f6f}
.lineage .version rect,.lineage .job rect{fill:#eaf1fc;stroke:#6a93d4}
.lineage .model rect,.lineage .model_version rect{fill:#f5edfb;stroke:#a27fc4}
.lineage .service rect{fill:#fdf1e3;stroke:#cf9a52}
.lineage .start rect{stroke-width:3}
.lineage .deleted rect{fill:none;stroke-dasharray:5 4}
.lineage .deleted .name{fill:#56606f;text-decoration:line-through}
.lineage .more rect{fill:none;stroke:none}
.lineage .more .name{fill:#56606f;font-weight:400;font-style:italic}
.lineage a:hover rect,.lineage a:focus rect{stroke-width:2.5}
@media (prefers-color-scheme:dark){
.lineage .back{fill:#12161d}
.lineage .edge{stroke:#76839a}
.lineage .arrow{fill:#76839a}
.lineage .label{fill:#b4bfd0;stroke:#12161d}
.lineage rect{fill:#1d242f;stroke:#5b6779}
.lineage .kind{fill:#a3aebf}
.lineage .name{fill:#f0f4fa}
.lineage .detail{fill:#c5cedb}
.lineage .dataset rect,.lineage .dataset_version rect,.lineage .data rect{fill:#16281c;stroke:#4f9464}
.lineage .version rect,.lineage .job rect{fill:#162338;stroke:#5a86cc}
.lineage .model rect,.lineage .model_version rect{fill:#271b35;stroke:#9a77bd}
.lineage .service rect{fill:#33240f;stroke:#c08b45}
.lineage .deleted rect,.lineage .more rect{fill:none}
.lineage .deleted .name,.lineage .more .name{fill:#a3aebf}
}
</style>
)css";

// A long path ends in what tells it from others.
std::string shortened(const LineageNode& node) {
  const std::string name = printable(node.name);
  if (node.kind != LineageKind::data || display_width(name) <= kMostColumns) {
    return fit_width(name, kMostColumns);
  }
  std::size_t at = name.find('/', name.size() - std::min<std::size_t>(name.size(), kMostColumns));
  return at == std::string::npos ? fit_width(name, kMostColumns) : "…" + name.substr(at);
}

struct Card {
  std::string kind, name;
  std::vector<std::string> details;
};

Card card_of(const LineageNode& node) {
  Card card{words_of(node), shortened(node), {}};
  if (!node.kind) return card;
  std::string line;
  for (const std::string& detail : details_of(node)) {
    const std::string longer = line.empty() ? detail : line + ", " + detail;
    if (display_width(printable(longer)) <= kMostColumns) {
      line = longer;
      continue;
    }
    if (!line.empty()) card.details.push_back(line);
    line = fit_width(printable(detail), kMostColumns);
  }
  if (!line.empty()) card.details.push_back(line);
  if (card.details.size() > kMostDetails) card.details.resize(kMostDetails);
  return card;
}

LayoutBox box_of(const Card& card) {
  double width = std::max(kLeastWidth - 2 * kPadding, kNameColumn * display_width(card.name));
  for (const std::string& detail : card.details) {
    width = std::max(width, kSmallColumn * display_width(printable(detail)));
  }
  LayoutBox box;
  box.width = width + 2 * kPadding;
  box.height = (card.kind.empty() ? 0 : kKindLine) + kNameLine +
               kDetailLine * static_cast<double>(card.details.size()) + kPadding;
  return box;
}

std::string spoken(const LineageNode& node) {
  std::string text = words_of(node);
  text += (text.empty() ? "" : " ") + node.name;
  for (const std::string& detail : details_of(node)) text += ", " + detail;
  return text;
}

std::string text_at(double x, double y, const char* name, const std::string& text) {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", name, x, y,
                     markup_text(text));
}

std::string class_of(const LineageNode& node, bool is_start) {
  std::string classes = fmt::format("node {}", node.kind ? name_of(*node.kind) : "more");
  if (is_start) classes += " start";
  if (node.is_deleted()) classes += " deleted";
  return classes;
}

std::string drawn_node(const LineageNode& node, const Card& card, const LayoutBox& box,
                       bool is_start, const std::string& link) {
  std::string svg = fmt::format("<g class=\"{}\">\n<title>{}</title>\n", class_of(node, is_start),
                                markup_text(spoken(node)));
  svg +=
      fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"7\"/>\n",
                  box.x, box.y, box.width, box.height);
  const double x = box.x + kPadding;
  double y = box.y + kPadding / 2;
  if (!card.kind.empty()) svg += text_at(x, (y += kKindLine) - 3, "kind", card.kind);
  svg += text_at(x, (y += kNameLine) - 4, "name", card.name);
  for (const std::string& detail : card.details) {
    svg += text_at(x, (y += kDetailLine) - 4, "detail", detail);
  }
  svg += "</g>\n";
  if (link.empty()) return svg;
  return fmt::format("<a href=\"{}\">\n{}</a>\n", markup_text(link), svg);
}

std::string drawn_edge(const LineageEdge& edge, const LayoutLine& line) {
  constexpr double kArrow = 7;
  auto points = line.points;
  points.back().x -= kArrow;
  std::string path = fmt::format("M{:.1f} {:.1f}", points.front().x, points.front().y);
  for (std::size_t i = 1; i < points.size(); ++i) {
    const auto &a = points[i - 1], &b = points[i];
    const double middle = (a.x + b.x) / 2;
    path += fmt::format(" C{0:.1f} {1:.1f} {0:.1f} {2:.1f} {3:.1f} {2:.1f}", middle, a.y, b.y, b.x);
  }
  const auto& end = line.points.back();
  return fmt::format(
      "<path class=\"edge {}\" d=\"{}\"/>\n<path class=\"arrow\" d=\"M{:.1f} {:.1f} l-{} -4 v8 "
      "z\"/>\n",
      markup_text(edge.relation), path, end.x, end.y, kArrow);
}

// Above its line, before the box that it leads to.
std::string drawn_label(const LineageEdge& edge, const LayoutLine& line) {
  if (edge.relation == "version" || edge.relation == "member" || edge.relation == "more") return {};
  const auto& end = line.points.back();
  return fmt::format(
      "<text class=\"label\" text-anchor=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", end.x - 12,
      end.y - 3, markup_text(fit_width(edge.text(), 12)));
}

}  // namespace

std::string lineage_svg(const LineageGraph& graph, const LineageSvgOptions& options) {
  std::vector<Card> cards;
  std::vector<LayoutBox> boxes;
  std::vector<LayoutLine> lines;
  for (const LineageNode& node : graph.nodes) {
    cards.push_back(card_of(node));
    boxes.push_back(box_of(cards.back()));
  }
  for (const LineageEdge& edge : graph.edges) lines.push_back({edge.from, edge.to, {}});
  const LayeredLayout layout = lay_out(boxes, lines);
  for (LayoutBox& box : boxes) {
    box.x += kMargin;
    box.y += kMargin;
  }
  for (LayoutLine& line : lines) {
    for (auto& point : line.points) {
      point.x += kMargin;
      point.y += kMargin;
    }
  }
  const double width = layout.width + 2 * kMargin, height = layout.height + 2 * kMargin;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"lineage\" role=\"group\" "
      "aria-labelledby=\"lineage-title lineage-desc\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\">\n<title id=\"lineage-title\">Lineage of {2}</title>\n"
      "<desc id=\"lineage-desc\">{3} things, from what it was made from on the left to what was "
      "made from it on the right.</desc>\n",
      width, height, markup_text(graph.nodes.front().name), graph.nodes.size());
  if (options.has_style) svg += kStyle;
  svg += fmt::format("<rect class=\"back\" width=\"{:.0f}\" height=\"{:.0f}\"/>\n", width, height);
  for (std::size_t i = 0; i < lines.size(); ++i) svg += drawn_edge(graph.edges[i], lines[i]);
  for (std::size_t i = 0; i < lines.size(); ++i) svg += drawn_label(graph.edges[i], lines[i]);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const LineageNode& node = graph.nodes[i];
    svg += drawn_node(node, cards[i], boxes[i], i == 0,
                      options.link ? options.link(node) : std::string());
  }
  return svg + "</svg>\n";
}

}  // namespace mat
