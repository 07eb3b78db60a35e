#include "core/plot/plot_svg.h"

#include <fmt/core.h>

#include <cmath>

#include "core/base/markup.h"
#include "core/plot/plot_scene.h"

namespace mat {
namespace {

constexpr double kMarkSize = 5;

// Colours stand in attributes too, for where a page's policy forbids the style.
constexpr const char* kStyle =
    "text{font:12px system-ui,-apple-system,\"Segoe UI\",sans-serif}"
    ".title{font-weight:600;font-size:13px}"
    "@media(prefers-color-scheme:dark){.ground{fill:#16181d}text{fill:#d6d9e0}"
    ".grid{stroke:#30343c}.axes{stroke:#8a909c}}";

std::string coordinate(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

// Points that fall on the same tenth of a pixel are one.
void add_line(const std::vector<PlotPoint>& points, std::string& path) {
  std::string last;
  int places = 0;
  for (const PlotPoint& point : points) {
    std::string place = coordinate(point.x) + " " + coordinate(point.y);
    if (place == last) continue;
    path += (places == 0 ? "M" : "L") + place;
    last = std::move(place);
    ++places;
  }
  // A line of one point is a dot, by its round ends.
  if (places == 1) path += "h0";
}

std::string path_of(const std::vector<std::vector<PlotPoint>>& pieces) {
  std::string path;
  for (const auto& piece : pieces) add_line(piece, path);
  return path;
}

std::string segments(const std::vector<PlotScene::Segment>& lines) {
  std::string path;
  for (const PlotScene::Segment& line : lines) {
    path += fmt::format("M{} {}L{} {}", coordinate(line.x0), coordinate(line.y0),
                        coordinate(line.x1), coordinate(line.y1));
  }
  return path;
}

std::string mark_path(const PlotScene::Mark& mark) {
  const auto place = [&](const char* command, double dx, double dy) {
    return command + coordinate(mark.x + dx) + " " + coordinate(mark.y + dy);
  };
  const double s = kMarkSize;
  if (mark.kind == OddMark::Kind::nan) {
    return place("M", -s, -s) + place("L", s, s) + place("M", s, -s) + place("L", -s, s);
  }
  const double point = mark.kind == OddMark::Kind::inf ? -s : s;
  return place("M", 0, point) + place("L", s, -point) + place("L", -s, -point) + "Z";
}

const char* name_of(OddMark::Kind kind) {
  switch (kind) {
    case OddMark::Kind::nan:
      return "not a number";
    case OddMark::Kind::inf:
      return "infinite";
    case OddMark::Kind::minus_inf:
      return "minus infinity";
  }
  return "";
}

std::string curve_element(const PlotScene::Curve& curve) {
  const char* look = "";
  if (curve.weight == PlotScene::Weight::faint) look = " stroke-opacity=\"0.3\"";
  if (curve.weight == PlotScene::Weight::dashed) look = " stroke-dasharray=\"5 4\"";
  const std::string title =
      curve.description.empty() ? "" : "<title>" + markup_text(curve.description) + "</title>";
  return fmt::format("<path stroke=\"#{:06x}\"{} d=\"{}\">{}</path>\n",
                     palette_colour(curve.colour), look, path_of(curve.pieces), title);
}

std::string text_element(const PlotScene::Text& text) {
  const char* anchor = "";
  if (text.anchor == PlotScene::Anchor::middle) anchor = " text-anchor=\"middle\"";
  if (text.anchor == PlotScene::Anchor::end) anchor = " text-anchor=\"end\"";
  return fmt::format("<text x=\"{}\" y=\"{}\"{}{}>{}</text>\n", coordinate(text.x),
                     coordinate(text.y), anchor, text.is_title ? " class=\"title\"" : "",
                     markup_text(text.text));
}

std::string description_of(const std::vector<PlotPanel>& panels) {
  std::string text;
  for (const PlotPanel& panel : panels) {
    text += fmt::format("{} by {}. ", panel.title, panel.x_name);
    for (const PlotSeries& series : panel.series) text += described(series) + ". ";
  }
  return text;
}

}  // namespace

std::string plot_svg(const std::vector<PlotPanel>& panels, int width, int height,
                     std::string_view title) {
  const PlotScene scene = lay_out(panels, width, height);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" role=\"img\" aria-labelledby=\"plot-title plot-text\">\n"
      "<title id=\"plot-title\">{2}</title>\n<desc id=\"plot-text\">{3}</desc>\n"
      "<style>{4}</style>\n"
      "<rect class=\"ground\" width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      width, height, markup_text(title), markup_text(description_of(panels)), kStyle);
  svg += fmt::format("<path class=\"grid\" fill=\"none\" stroke=\"#e3e5ea\" d=\"{}\"/>\n",
                     segments(scene.grid));
  svg += fmt::format("<path class=\"axes\" fill=\"none\" stroke=\"#6b7280\" d=\"{}\"/>\n",
                     segments(scene.axes));
  svg +=
      "<g fill=\"none\" stroke-width=\"1.6\" stroke-linejoin=\"round\" "
      "stroke-linecap=\"round\">\n";
  for (const PlotScene::Curve& curve : scene.curves) svg += curve_element(curve);
  svg += "</g>\n";
  for (const PlotScene::Mark& mark : scene.marks) {
    svg += fmt::format(
        "<path fill=\"{0}\" stroke=\"#{1:06x}\" stroke-width=\"1.6\" d=\"{2}\">"
        "<title>{3}</title></path>\n",
        mark.kind == OddMark::Kind::nan ? "none"
                                        : fmt::format("#{:06x}", palette_colour(mark.colour)),
        palette_colour(mark.colour), mark_path(mark), name_of(mark.kind));
  }
  svg += "<g fill=\"#2b2f38\">\n";
  for (const PlotScene::Text& text : scene.texts) svg += text_element(text);
  return svg + "</g>\n</svg>\n";
}

}  // namespace mat
