#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "core/image/decode.h"
#include "core/plot/plot_png.h"
#include "core/plot/plot_scene.h"
#include "core/plot/plot_svg.h"

namespace mat {
namespace {

PlotPanel panel_with(const std::string& name) {
  PlotPanel panel;
  panel.title = name;
  panel.x_name = "step";
  PlotSeries series;
  series.name = name;
  for (int i = 0; i < 100; ++i) series.points.push_back({i * 1.0, std::sin(i * 0.1)});
  series.unsmoothed = series.points;
  series.odd = {{10, OddMark::Kind::nan}, {20, OddMark::Kind::inf}, {30, OddMark::Kind::minus_inf}};
  panel.series.push_back(series);
  series.colour = 1;
  series.is_secondary = true;
  panel.series.push_back(series);
  return panel;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_CASE("an SVG drawing escapes text, tells what it shows and loads nothing", "[plot]") {
  const std::string svg = plot_svg({panel_with("<script>alert('x')</script>&\n\x01")}, 600, 300,
                                   "\"hostile\" & <title>");
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find("&lt;script&gt;") != std::string::npos);
  CHECK(svg.find("<title id=\"plot-title\">&quot;hostile&quot; &amp; &lt;title&gt;</title>") !=
        std::string::npos);
  CHECK(svg.find("lowest -") != std::string::npos);
  CHECK(svg.find('\x01') == std::string::npos);
  CHECK(svg.find("href") == std::string::npos);
  CHECK(svg.find("url(") == std::string::npos);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("prefers-color-scheme:dark") != std::string::npos);
  CHECK(svg.find("stroke-dasharray") != std::string::npos);
  CHECK(count(svg, "<title>not a number</title>") == 2);
  CHECK(count(svg, "<g") == count(svg, "</g>"));
  CHECK(count(svg, "<path") == count(svg, "</path>") + 2);
}

TEST_CASE("marks of several curves at one place are all seen", "[plot]") {
  const std::vector<PlotScene::Mark> marks = lay_out({panel_with("x")}, 600, 300).marks;
  REQUIRE(marks.size() == 6);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(marks[i].x == marks[i + 3].x);
    CHECK(std::abs(marks[i].y - marks[i + 3].y) > 10);
  }
}

TEST_CASE("a line has a gap where a point is no number", "[plot]") {
  PlotPanel panel;
  panel.series.emplace_back();
  panel.series[0].points = {{0, 1}, {1, 2}, {3, 2}, {4, 1}, {6, 1}};
  CHECK(pieces_of(panel.series[0].points, {}).size() == 1);
  panel.series[0].odd = {{5, OddMark::Kind::inf}, {2, OddMark::Kind::nan}};
  const auto pieces = pieces_of(panel.series[0].points, panel.series[0].odd);
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0].size() == 2);
  CHECK(pieces[1].front().x == 3);
  CHECK(pieces[2].size() == 1);
  CHECK(pieces_of({}, panel.series[0].odd).empty());
  const std::string svg = plot_svg({panel}, 600, 300, "x");
  const std::size_t curve = svg.find(described(panel.series[0]) + "</title>");
  REQUIRE(curve != std::string::npos);
  CHECK(count(svg.substr(svg.rfind(" d=\"", curve), 100), "M") == 3);
}

TEST_CASE("the legend stands behind the title", "[plot]") {
  PlotPanel panel = panel_with("accuracy and val_accuracy and more");
  const PlotScene scene = lay_out({panel}, 900, 300);
  REQUIRE(scene.texts.size() > 1);
  const PlotScene::Text& title = scene.texts[0];
  const PlotPoint& sample = scene.curves[0].pieces[0][0];
  CHECK(sample.x >= title.x + 9 * static_cast<double>(title.text.size()));
}

TEST_CASE("a drawing of any size stays inside", "[plot]") {
  PlotPanel panel = panel_with("a");
  for (int i = 0; i < 40; ++i) panel.series.push_back(panel.series[0]);
  for (const auto& [width, height] : {std::pair(20, 20), {100, 3000}, {3000, 60}, {640, 480}}) {
    const PlotScene scene = lay_out({panel, panel_with("b")}, width, height);
    for (const PlotScene::Curve& curve : scene.curves) {
      for (const auto& piece : curve.pieces) {
        for (const PlotPoint& point : piece) {
          CHECK(std::isfinite(point.x));
          CHECK(std::isfinite(point.y));
        }
      }
    }
    const Image image = plot_image({panel, panel_with("b")}, width, height);
    CHECK(image.width == width);
    CHECK(image.height == height);
  }
}

TEST_CASE("a PNG has its curves in their colours, with soft edges", "[plot]") {
  PlotPanel panel = panel_with("loss");
  panel.series.resize(1);
  const std::string bytes = plot_png({panel}, 800, 300);
  const DecodeResult read =
      decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  REQUIRE(read.ok());
  REQUIRE(read.image.width == 800);
  REQUIRE(read.image.height == 300);
  const std::uint32_t curve = palette_colour(0);
  std::size_t of_curve = 0, between = 0;
  std::set<std::uint32_t> colours;
  for (std::size_t i = 0; i < read.image.pixels.size(); i += 3) {
    const std::uint8_t* p = read.image.pixels.data() + i;
    const std::uint32_t colour = static_cast<std::uint32_t>(p[0] << 16 | p[1] << 8 | p[2]);
    of_curve += colour == curve ? 1 : 0;
    colours.insert(colour);
    between += p[2] > p[0] && colour != curve ? 1 : 0;
  }
  CHECK(of_curve > 500);
  CHECK(between > 500);
  CHECK(colours.size() > 20);
  CHECK(read.image.pixels[0] == 255);
}

}  // namespace
}  // namespace mat
