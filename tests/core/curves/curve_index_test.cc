#include "core/curves/curve_index.h"

#include <fmt/core.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <set>

#include "core/metrics/record_file.h"
#include "tests/core/metrics/event_files.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"

namespace mat {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

void write_values(const fs::path& folder, std::int64_t first, std::int64_t count,
                  const std::function<double(std::int64_t)>& value) {
  EventWriter writer(folder);
  for (std::int64_t step = first; step < first + count; ++step) {
    writer.add("loss", step, value(step));
  }
  writer.flush();
}

std::vector<std::int64_t> steps_of(const ThinCurve& curve) {
  std::vector<std::int64_t> steps;
  for (const ScalarPoint& point : curve.points) steps.push_back(point.step);
  return steps;
}

ThinCurve whole(const CurveIndex& index, std::size_t points = 1000) {
  return index.thinned("loss", {}, points);
}

bool has_value(const ThinCurve& curve, float value) {
  return std::any_of(curve.points.begin(), curve.points.end(),
                     [&](const ScalarPoint& point) { return point.value == value; });
}

TEST_CASE("a curve of few points is drawn with all of them", "[curves]") {
  const TempFolder folder;
  {
    EventWriter writer(folder.path());
    for (int step = 0; step < 10; ++step) {
      writer.add("loss", step, 1.0 / (step + 1));
      if (step % 5 == 0) writer.add("val/accuracy", step, step);
    }
    writer.flush();
  }
  CurveIndex index(folder.path());
  CHECK(index.update());
  CHECK_FALSE(index.update());
  const std::vector<CurveSummary> curves = index.curves();
  REQUIRE(curves.size() == 2);
  CHECK(curves[0].tag == "loss");
  CHECK(curves[0].whole.count == 10);
  CHECK(curves[0].whole.min.step == 9);
  CHECK(curves[1].tag == "val/accuracy");
  CHECK(curves[1].whole.count == 2);

  const ThinCurve curve = whole(index);
  CHECK(curve.is_exact);
  const std::vector<Curve> expected = read_event_files(folder.path());
  REQUIRE(curve.points.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(curve.points[i].step == expected[0].points[i].step);
    CHECK(curve.points[i].value == expected[0].points[i].value);
    CHECK(curve.points[i].wall_time == expected[0].points[i].wall_time);
  }
  CHECK(steps_of(index.thinned("loss", {CurveAxis::step, 2.5, 5}, 100)) ==
        std::vector<std::int64_t>{3, 4, 5});
  CHECK(index.thinned("nothing", {}, 100).points.empty());
}

TEST_CASE("a long curve is drawn with few points and every peak", "[curves]") {
  const TempFolder folder;
  constexpr std::int64_t kPoints = 100'000;
  const std::set<std::int64_t> peaks{17, 4099, 50'000, 73'123, 99'998};
  write_values(folder.path(), 0, kPoints, [&](std::int64_t step) {
    return peaks.contains(step) ? 100.0 + static_cast<double>(step) : std::sin(step * 0.37);
  });
  CurveIndex index(folder.path());
  index.update();
  CHECK(index.memory_bytes() < 2 << 20);
  const ThinCurve curve = whole(index);
  CHECK_FALSE(curve.is_exact);
  CHECK(curve.count == kPoints);
  CHECK(curve.points.size() <= 1000);
  CHECK(curve.points.size() > 300);
  for (const std::int64_t peak : peaks) {
    CAPTURE(peak);
    CHECK(has_value(curve, 100.0F + static_cast<float>(peak)));
  }
  CHECK(curve.points.front().step == 0);
  CHECK(curve.points.back().step == kPoints - 1);
  CHECK(std::is_sorted(curve.points.begin(), curve.points.end(),
                       [](const auto& a, const auto& b) { return a.step < b.step; }));
  CHECK(curve.means.size() > 100);
  CHECK(curve.means[1].value < 2);

  SECTION("a narrow part is read again and is exact") {
    const ThinCurve part = index.thinned("loss", {CurveAxis::step, 50'001, 50'500}, 1000);
    CHECK(part.is_exact);
    CHECK(part.count == 500);
    REQUIRE(part.points.size() == 500);
    CHECK(part.points.front().step == 50'001);
    CHECK(part.points.back().step == 50'500);
    CHECK_FALSE(has_value(part, 50'100));
  }
  SECTION("a part that is read again is thinned too, without what is beside it") {
    const ThinCurve part = index.thinned("loss", {CurveAxis::step, 50'000, 54'999}, 400);
    CHECK_FALSE(part.is_exact);
    CHECK(part.count == 5000);
    CHECK(part.points.size() <= 400);
    CHECK(part.points.front().step == 50'000);
    CHECK(has_value(part, 50'100));
    CHECK(part.points.back().step == 54'999);
  }
  SECTION("a wide part comes from what is kept, its ends from the file") {
    const ThinCurve part = index.thinned("loss", {CurveAxis::step, 18, 90'001}, 1000);
    CHECK(part.count == 90'001 - 18 + 1);
    CHECK(part.points.front().step == 18);
    CHECK(part.points.back().step == 90'001);
    CHECK_FALSE(has_value(part, 117));
  }
  SECTION("every point, one after another") {
    std::int64_t next = 0;
    index.each_point("loss", [&](const ScalarPoint& point) { next += point.step == next ? 1 : 0; });
    CHECK(next == kPoints);
  }
  SECTION("a part in time") {
    const double from = curve.points.front().wall_time;
    const ThinCurve part = index.thinned("loss", {CurveAxis::time, from, from + 1e6}, 1000);
    CHECK(part.count == kPoints);
    CHECK(index.thinned("loss", {CurveAxis::time, from + 1e6, from + 2e6}, 1000).count == 0);
  }
}

TEST_CASE("points that are no numbers are told and do not hide the others", "[curves]") {
  const TempFolder folder;
  constexpr std::int64_t kPoints = 20'000;
  write_values(folder.path(), 0, kPoints, [](std::int64_t step) -> double {
    if (step == 5000) return kInfinity;
    if (step == 9000) return -kInfinity;
    return step >= 15'000 ? NAN : static_cast<double>(step);
  });
  CurveIndex index(folder.path());
  index.update();
  const ThinCurve curve = whole(index);
  std::int64_t nan = 0, inf = 0, minus_inf = 0, inf_step = 0, first_nan = kPoints;
  for (const ThinCurve::Odd& odd : curve.odd) {
    if (std::isnan(odd.value)) {
      nan += odd.points.count;
      first_nan = std::min(first_nan, odd.points.step);
    } else if (odd.value > 0) {
      inf += odd.points.count;
      inf_step = odd.points.step;
    } else {
      minus_inf += odd.points.count;
    }
  }
  CHECK(nan == 5000);
  CHECK(first_nan == 15'000);
  CHECK(inf == 1);
  CHECK(inf_step == 5000);
  CHECK(minus_inf == 1);
  CHECK(curve.points.back().step == 14'999);
  CHECK(curve.count == kPoints);
  const ThinCurve part = index.thinned("loss", {CurveAxis::step, 4990, 5010}, 100);
  CHECK(part.is_exact);
  CHECK(part.points.size() == 20);
  CHECK(part.odd.size() == 1);
}

TEST_CASE("a curve that grows is read on", "[curves]") {
  const TempFolder folder;
  const auto value = [](std::int64_t step) { return static_cast<double>(step); };
  CurveIndex index(folder.path());
  CHECK_FALSE(index.update());
  write_values(folder.path(), 0, 10, value);
  CHECK(index.update());
  SECTION("in its file") { write_values(folder.path(), 10, 10, value); }
  SECTION("in its file, after a torn record whose rest comes later") {
    const fs::path path = files_in(folder.path()).front();
    write_values(folder.path(), 10, 10, value);
    const std::string bytes = read_file(path);
    put_file(path, bytes.substr(0, bytes.size() - 7));
    CHECK(index.update());
    CHECK(steps_of(whole(index)).size() == 19);
    put_file(path, bytes);
  }
  SECTION("in a new file") {
    const TempFolder other;
    write_values(other.path(), 10, 10, value);
    put_file(folder / "events.out.tfevents.9900000000.b.2",
             read_file(files_in(other.path()).front()));
  }
  CHECK(index.update());
  CHECK_FALSE(index.update());
  CHECK(steps_of(whole(index)) == steps_in(folder.path()));
  CHECK(steps_of(whole(index)).size() == 20);
  CHECK(index.generation() == 0);
}

TEST_CASE("a curve that was cut back is read anew", "[curves]") {
  const TempFolder folder;
  EventPosition place;
  {
    EventWriter writer(folder.path());
    for (int step = 0; step < 10; ++step) writer.add("loss", step, 1);
    place = writer.position();
    for (int step = 10; step < 20; ++step) writer.add("loss", step, 1);
  }
  CurveIndex index(folder.path());
  index.update();
  const auto go_on = [&](int points) {
    EventWriter writer(folder.path(), place);
    for (int step = 0; step < points; ++step) writer.add("loss", 10 + step, 7);
    writer.flush();
  };
  SECTION("and is shorter") { go_on(3); }
  SECTION("and is as long") {
    pass_file_clock(folder.path());
    go_on(10);
  }
  SECTION("and is longer") { go_on(30); }
  SECTION("with a later file that is gone") {
    const TempFolder other;
    write_values(other.path(), 20, 10, [](auto) { return 1.0; });
    const fs::path later = folder / "events.out.tfevents.9900000000.b.2";
    put_file(later, read_file(files_in(other.path()).front()));
    CHECK(index.update());
    CHECK(steps_of(whole(index)).size() == 30);
    go_on(5);
    CHECK_FALSE(fs::exists(later));
  }
  SECTION("and an earlier file has come") {
    fs::copy_file(files_in(folder.path()).front(), folder / "events.out.tfevents.0000000001.b.2");
  }
  CHECK(index.update());
  CHECK(index.generation() == 1);
  CHECK(steps_of(whole(index)) == steps_in(folder.path()));
  CHECK_FALSE(index.update());
}

TEST_CASE("a damaged file is read up to its damage", "[curves]") {
  const TempFolder folder;
  write_values(folder.path(), 0, 10, [](auto) { return 1.0; });
  const fs::path path = files_in(folder.path()).front();
  std::string bytes = read_file(path);
  SECTION("a checksum that is wrong") { bytes[bytes.size() - 8] ^= 1; }
  SECTION("a record that is no message") {
    append_record(bytes, "\x0d");
    append_record(bytes, std::string("\x10\x05", 2));
  }
  put_file(path, bytes);
  CurveIndex index(folder.path());
  index.update();
  CHECK(steps_of(whole(index)) == steps_in(folder.path()));
  CHECK_FALSE(index.update());
}

TEST_CASE("steps that fall keep their order", "[curves]") {
  const TempFolder folder;
  for (int phase = 0; phase < 3; ++phase) {
    write_values(folder.path(), 0, 4000, [&](std::int64_t step) {
      return step == 2000 ? 50.0 + phase : static_cast<double>(phase);
    });
  }
  CurveIndex index(folder.path());
  index.update();
  const ThinCurve curve = whole(index, 400);
  for (int phase = 0; phase < 3; ++phase) CHECK(has_value(curve, 50.0F + phase));
  CHECK(curve.points.front().value == 0);
  CHECK(curve.points.back().value == 2);
  const ThinCurve part = index.thinned("loss", {CurveAxis::step, 1990, 2010}, 400);
  CHECK(part.is_exact);
  CHECK(part.points.size() == 63);
}

TEST_CASE("many curves that are written in turn are told apart", "[curves]") {
  const TempFolder folder;
  {
    EventWriter writer(folder.path());
    for (int step = 0; step < 300; ++step) {
      for (int tag = 0; tag < 1010; ++tag) writer.add(fmt::format("m{}", tag), step, tag);
    }
    writer.flush();
  }
  CurveIndex index(folder.path());
  index.update();
  CHECK(index.curves().size() == 1000);
  CHECK_FALSE(index.has("m1005"));
  for (const int tag : {0, 1, 500, 999}) {
    const ThinCurve curve = index.thinned(fmt::format("m{}", tag), {}, 500);
    CHECK(curve.count == 300);
    CHECK(curve.means.front().value == static_cast<float>(tag));
    CHECK(curve.is_exact);
  }
}

// What this process has read so far.
std::int64_t bytes_read() {
  const std::string text = read_file("/proc/self/io");
  return std::stoll(text.substr(text.find("rchar: ") + 7));
}

TEST_CASE("a range of several curves is read once for all of them", "[curves]") {
  const TempFolder folder;
  std::vector<std::string> tags;
  for (int tag = 0; tag < 8; ++tag) tags.push_back(fmt::format("m{}", tag));
  {
    EventWriter writer(folder.path());
    for (int step = 0; step < 20'000; ++step) {
      // Not all have a point in each step.
      for (int tag = 0; tag < 8; ++tag) {
        if (step % (tag + 1) == 0)
          writer.add(tags[static_cast<std::size_t>(tag)], step, step * tag);
      }
    }
    writer.flush();
  }
  CurveIndex index(folder.path());
  index.update();
  tags.insert(tags.begin() + 3, "none");
  tags.push_back("m2");
  const auto compare = [&](const CurveRange& range, std::size_t points) {
    const std::vector<ThinCurve> together = index.thinned(tags, range, points);
    REQUIRE(together.size() == tags.size());
    for (std::size_t i = 0; i < tags.size(); ++i) {
      CHECK(to_json(together[i]) == to_json(index.thinned(tags[i], range, points)));
    }
  };
  compare({CurveAxis::step, 9'001, 9'400}, 500);
  compare({CurveAxis::step, 3'333, 17'003}, 300);
  compare({}, 100);

  const CurveRange range{CurveAxis::step, 5'000, 15'000};
  constexpr std::size_t kMany = 20'000;
  const std::int64_t start = bytes_read();
  index.thinned("m0", range, kMany);
  const std::int64_t one = bytes_read() - start;
  REQUIRE(one > 1 << 20);
  index.thinned(tags, range, kMany);
  CHECK(bytes_read() - start < 3 * one);
}

TEST_CASE("a thinned curve is a document that has all of it", "[curves]") {
  ThinCurve curve;
  curve.points = curve.means = {{1, 2.5, 0.5F}, {3, 4.5, 0.25F}};
  curve.odd = {{NAN, {2, 7, 8.5}}, {-kInfinity, {1, 9, 9.5}}};
  curve.count = 5;
  CHECK(to_json_text(to_json(curve)) ==
        R"({"count":5,"exact":true,"step":[1,3],"time":[2.5,4.5],"value":[0.5,0.25],"odd":[)"
        R"({"value":"nan","count":2,"step":7,"time":8.5},)"
        R"({"value":"-inf","count":1,"step":9,"time":9.5}]})");
}

}  // namespace
}  // namespace mat
