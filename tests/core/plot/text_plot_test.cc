#include "core/plot/text_plot.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/text.h"

namespace mat {
namespace {

PlotSeries series_of(const std::string& name, const std::vector<double>& values, int colour = 0) {
  PlotSeries series;
  series.name = name;
  series.colour = colour;
  for (std::size_t i = 0; i < values.size(); ++i) {
    series.points.push_back({static_cast<double>(i), values[i]});
  }
  return series;
}

PlotPanel two_curves() {
  PlotPanel panel;
  panel.title = "loss";
  panel.x_name = "step";
  panel.series = {series_of("a@V0001", {4, 3, 2, 1, 0}), series_of("a@V0002", {0, 1, 2, 3, 4}, 1)};
  return panel;
}

std::string drawn(const PlotPanel& panel, const TextPlotOptions& options) {
  std::string text;
  for (const TextLine& line : text_plot(panel, options)) {
    std::string row = plain_text(line);
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

TEST_CASE("curves are drawn with marks where there are neither dots nor colours", "[plot]") {
  const std::string expected = R"(loss  * a@V0001  + a@V0002
4 +***                                 +++
  |   *****                        ++++
  |        *****              +++++
  |             ****     +++++
2 +                 +++++
  |             ++++     *****
  |        +++++              *****
  |   +++++                        ****
0 ++++                                 ***
  ++------------------+------------------+
   0                  2               step
)";
  CHECK(drawn(two_curves(), {42, 12, false, false}) == expected);
}

TEST_CASE("single points are told and not drawn", "[plot]") {
  PlotPanel panel = two_curves();
  for (PlotSeries& series : panel.series) series.points.resize(1);
  CHECK(drawn(panel, {42, 12, false, false}) ==
        "loss\na@V0001  4 at step 0\na@V0002  0 at step 0\n");
  panel.series[1].points.clear();
  panel.x_scale = PlotScale::duration;
  panel.x_name = "time";
  panel.series[0].points[0].x = 93;
  CHECK(drawn(panel, {42, 12, false, false}) == "loss\na@V0001  4 at time 1m33s\n");
}

TEST_CASE("one curve is drawn in braille dots, several with colours too", "[plot]") {
  PlotPanel panel = two_curves();
  CHECK(drawn(panel, {60, 12, true, true}).find("\xe2\xa0") != std::string::npos);
  CHECK(drawn(panel, {60, 12, true, false}).find('*') != std::string::npos);
  panel.series.pop_back();
  CHECK(drawn(panel, {60, 12, true, false}).find("\xe2\xa0") != std::string::npos);
  bool has_colour = false;
  for (const TextLine& line : text_plot(two_curves(), {60, 12, true, true})) {
    for (const TextSpan& span : line) has_colour |= span.colour == 1;
  }
  CHECK(has_colour);
}

TEST_CASE("a drawing has the size that was asked for, as far as that is a size", "[plot]") {
  PlotPanel panel = two_curves();
  for (int i = 0; i < 30; ++i) panel.series.push_back(series_of("another curve", {1, 2}, i));
  panel.series.push_back(series_of("図の名前\n\x1b[31m", {1e9, -1e9}));
  for (const int width : {1, 20, 33, 80, 200}) {
    for (const int height : {1, 6, 9, 24, 50}) {
      for (const bool unicode : {true, false}) {
        const auto lines = text_plot(panel, {width, height, unicode, true});
        CAPTURE(width, height, unicode);
        CHECK(static_cast<int>(lines.size()) == std::max(6, height));
        for (const TextLine& line : lines) {
          const std::string text = plain_text(line);
          CHECK(display_width(text) <= std::max(20, width));
          CHECK(text.find('\x1b') == std::string::npos);
          if (!unicode && text.find("図") == std::string::npos) {
            CHECK(text.find("\xe2\xa0") == std::string::npos);
          }
        }
      }
    }
  }
}

TEST_CASE("what is no number is marked at the edge", "[plot]") {
  PlotPanel panel = two_curves();
  panel.series.pop_back();
  panel.series[0].odd = {
      {1, OddMark::Kind::nan}, {2, OddMark::Kind::inf}, {3, OddMark::Kind::minus_inf}};
  const std::vector<std::string> rows = split(drawn(panel, {42, 12, false, false}), '\n');
  CHECK(rows[1].find('N') != std::string::npos);
  CHECK(rows[1].find('^') > rows[1].find('N'));
  CHECK(rows[9].find('v') != std::string::npos);

  SECTION("also where there is nothing else") {
    panel.series[0].points.clear();
    CHECK(drawn(panel, {42, 12, true, true}).find("×") != std::string::npos);
  }
}

TEST_CASE("flat curves and hardly different ones are drawn", "[plot]") {
  for (const std::vector<double>& values :
       {std::vector<double>{}, {5, 5, 5}, {0, 0}, {1, 1 + 1e-15}, {-1e300, 1e300}}) {
    PlotPanel panel;
    panel.series = {series_of("x", values)};
    CHECK(text_plot(panel, {40, 10, true, true}).size() == 10);
  }
}

TEST_CASE("a sparkline goes from low to high and fits", "[plot]") {
  const auto points = series_of("", {0, 1, 2, 3, 4, 5, 6, 7}).points;
  CHECK(sparkline(points, 20, true) == "▁▂▃▄▅▆▇█");
  CHECK(sparkline(points, 4, false) == "_,+#");
  CHECK(sparkline(points, 8, false) == "_.,-=+*#");
  CHECK(sparkline({}, 8, true).empty());
  CHECK(sparkline({{0, 3}, {1, 3}}, 8, true) == "▄▄");
  const double nan = std::nan(""), infinity = HUGE_VAL;
  const std::vector<PlotPoint> odd{{0, 0}, {1, nan}, {2, infinity}, {3, -infinity}, {4, 7}};
  CHECK(sparkline(odd, 8, true) == "▁×▲▼█");
  CHECK(sparkline(odd, 8, false) == "_N^v#");
  CHECK(sparkline({{0, nan}}, 8, true) == "×");
}

}  // namespace
}  // namespace mat
