#include "core/command/metric_file.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <fstream>
#include <memory>
#include <set>

#include "core/command/event_folder.h"
#include "core/metrics/event_file.h"
#include "core/metrics/record_file.h"
#include "tests/core/command/test_command.h"
#include "tests/core/registry/child.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

std::string shown(const std::string& line) {
  try {
    const MetricLine metrics = parse_metric_line(line);
    std::string text = metrics.step ? std::to_string(*metrics.step) : "-";
    for (const auto& [name, value] : metrics.values) {
      text += " " + name + "=" + std::to_string(value);
    }
    return text;
  } catch (const Error& e) {
    return e.message();
  }
}

TEST_CASE("a JSON line holds one named metric or several", "[command]") {
  CHECK(shown(R"({"name": "accuracy", "value": 0.5, "step": 3})") == "3 accuracy=0.500000");
  CHECK(shown(R"({"name": "accuracy", "value": 1})") == "- accuracy=1.000000");
  CHECK(shown(R"({"step": 3, "a": 1, "b": 0.5, "note": "x", "ok": true})") ==
        "3 a=1.000000 b=0.500000");
  CHECK(shown(R"({"epoch": 2, "time": 1e9, "a": 1})") == "2 a=1.000000");
  CHECK(shown(R"({"epoch": 2.5, "a": 1})") == "- a=1.000000");
  CHECK(shown(R"({"step": 3.0, "a": 1})") == "3 a=1.000000");
  CHECK(shown(R"({"step": null, "a": 1})") == "- a=1.000000");
}

TEST_CASE("NaN and infinities are read as Python's json writes them", "[command]") {
  CHECK(shown(R"({"a": NaN, "b": Infinity, "c": -Infinity})") == "- a=nan b=inf c=-inf");
  CHECK(shown(R"({"name": "NaN \" NaN", "value": NaN})") == "- NaN \" NaN=nan");
}

TEST_CASE("a line that is no metric says why", "[command]") {
  CHECK(shown("") == "it is no JSON object");
  CHECK(shown("3") == "it is no JSON object");
  CHECK(shown("{\"a\": 1") == "it is no JSON object");
  CHECK(shown("{}") == "it has no metric");
  CHECK(shown(R"({"step": 1})") == "it has no metric");
  CHECK(shown(R"({"step": 1.5, "a": 1})") == "its step is no whole number");
  CHECK(shown(R"({"step": 18446744073709551615, "a": 1})") == "its step is no whole number");
  CHECK(shown(R"({"step": "x", "a": 1})") == "its step is no whole number");
  CHECK(shown(R"({"name": "a", "value": "high"})") == "its value is no number");
}

struct Followed {
  TempFolder folder;
  fs::path path = folder / "metrics.jsonl";
  TestObserver observer;
  MetricSink sink{observer};

  void append(const std::string& text) const {
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
  }
};

TEST_CASE("a file of metrics is followed line by line", "[command]") {
  Followed f;
  MetricFile file(f.path);
  file.poll(f.sink, f.observer);
  f.append("{\"a\": 1}\n{\"a\": 2");
  file.poll(f.sink, f.observer);
  CHECK(f.observer.points == std::vector<TestPoint>{{"a", 1, 1}});
  f.append("}\r\n\n{\"a\": 3}");
  file.poll(f.sink, f.observer);
  CHECK(f.observer.points.size() == 2);
  file.finish(f.sink, f.observer);
  CHECK(f.observer.points == std::vector<TestPoint>{{"a", 1, 1}, {"a", 2, 2}, {"a", 3, 3}});
  CHECK(f.observer.lines.empty());
}

TEST_CASE("bad lines are told once, with the number of the first", "[command]") {
  Followed f;
  MetricFile file(f.path);
  f.append("{\"a\": 1}\nnonsense\n" + std::string(3 << 20, 'x') + "\n{\"a\": 2}\n{\"torn");
  file.finish(f.sink, f.observer);
  CHECK(f.observer.points.size() == 2);
  CHECK(f.observer.lines ==
        std::vector<std::string>{"line 2 of metrics.jsonl is no metric: it is no JSON object",
                                 "3 lines of metrics.jsonl were no metrics"});
}

TEST_CASE("what an earlier attempt wrote is passed over, a new file is read whole", "[command]") {
  Followed f;
  f.append("{\"old\": 1}\n");
  MetricFile file(f.path);
  file.poll(f.sink, f.observer);
  CHECK(f.observer.points.empty());
  std::ofstream(f.path) << "{\"n\":1}\n";
  file.poll(f.sink, f.observer);
  CHECK(f.observer.points == std::vector<TestPoint>{{"n", 1, 1}});
}

TEST_CASE("many processes can append at once", "[command]") {
  Followed f;
  MetricFile file(f.path);
  {
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < 8; ++i) {
      children.push_back(std::make_unique<Child>([&f, i] {
        for (int k = 0; k < 500; ++k) append_metric(f.path, "m" + std::to_string(i), k, k / 4.0);
      }));
    }
  }
  file.finish(f.sink, f.observer);
  CHECK(f.observer.points.size() == 4000);
  CHECK(f.observer.lines.empty());
}

TEST_CASE("values come back exactly, also those that are no numbers in JSON", "[command]") {
  Followed f;
  MetricFile file(f.path);
  for (const double value : {0.1, 1e300, -HUGE_VAL}) append_metric(f.path, "a", {}, value);
  append_metric(f.path, "b", -3, NAN);
  file.finish(f.sink, f.observer);
  REQUIRE(f.observer.points.size() == 4);
  CHECK(f.observer.points[0] == TestPoint{"a", 1, 0.1});
  CHECK(f.observer.points[1] == TestPoint{"a", 2, 1e300});
  CHECK(f.observer.points[2] == TestPoint{"a", 3, -INFINITY});
  CHECK(std::isnan(f.observer.points[3].value));
  CHECK(f.observer.points[3].step == -3);
}

TEST_CASE("names that cannot be, and too many, are left out and told once", "[command]") {
  TestObserver observer;
  MetricSink sink(observer);
  sink.add_of_file("…", 1, 1);
  sink.add_of_file("", 1, 1);
  for (int i = 0; i < 1500; ++i) sink.add_of_file("file" + std::to_string(i), 1, 1);
  sink.add_of_file("file3", 2, 1);
  CHECK(observer.points.size() == 1001);
  CHECK(observer.lines.size() == 2);
}

TEST_CASE("without a step points are counted on from the last", "[command]") {
  TestObserver observer;
  MetricSink sink(observer);
  sink.add_of_file("a b", {}, 1);
  sink.add_of_file("a b", 10, 1);
  sink.add_of_file("a_b", {}, 1);
  sink.add_of_file("a b", 2, 1);
  CHECK(observer.points ==
        std::vector<TestPoint>{{"a_b", 1, 1}, {"a_b", 10, 1}, {"a_b", 11, 1}, {"a_b", 2, 1}});
}

void write_events(const fs::path& folder, const std::string& tag, int from, int to) {
  fs::create_directories(folder);
  EventWriter writer(folder);
  for (int i = from; i < to; ++i) writer.add(tag, i, i / 4.0);
  writer.flush();
}

TEST_CASE("event files below the folder are followed", "[command]") {
  Followed f;
  const fs::path runs = f.folder / "output";
  write_events(runs / "old", "past", 0, 3);
  EventFolder events(runs);
  events.poll(f.sink, f.observer);
  CHECK(f.observer.points.empty());
  write_events(runs / "logs" / "run1", "loss", 0, 2);
  events.poll(f.sink, f.observer);
  events.poll(f.sink, f.observer);
  CHECK(f.observer.points == std::vector<TestPoint>{{"loss", 0, 0}, {"loss", 1, 0.25}});
  write_events(runs / "logs" / "run1", "loss", 2, 3);
  write_events(runs / "old", "past", 3, 4);
  events.poll(f.sink, f.observer);
  CHECK(f.observer.points.size() == 4);
  CHECK(f.observer.points[2] == TestPoint{"loss", 2, 0.5});
  CHECK(f.observer.points[3] == TestPoint{"past", 3, 0.75});
}

TEST_CASE("the same tag of several folders is several metrics", "[command]") {
  Followed f;
  EventFolder events(f.folder / "output");
  write_events(f.folder / "output" / "a", "loss", 1, 2);
  write_events(f.folder / "output" / "b", "loss", 1, 2);
  write_events(f.folder / "output" / "validation", "epoch loss", 1, 1);
  write_events(f.folder / "output" / "validation", "epoch_loss", 1, 2);
  events.poll(f.sink, f.observer);
  CHECK(f.observer.points == std::vector<TestPoint>{{"loss", 1, 0.25},
                                                    {"b/loss", 1, 0.25},
                                                    {"validation/epoch_loss", 1, 0.25}});
}

TEST_CASE("folders of one name are told apart by the folders around them", "[command]") {
  Followed f;
  const fs::path output = f.folder / "output";
  EventFolder events(output);
  for (const char* name : {"fold1/train", "fold2/train", "a/run", "b/run"}) {
    write_events(output / name, "loss", 1, 2);
  }
  write_events(output, "loss", 1, 2);
  events.poll(f.sink, f.observer);
  std::vector<std::string> names;
  for (const TestPoint& point : f.observer.points) names.push_back(point.name);
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"b/run/loss", "fold2/train/loss", "loss", "output/loss",
                                          "train/loss"});
}

TEST_CASE("what an attempt wrote last is read when it goes on, by the names of that attempt",
          "[command]") {
  Followed f;
  const fs::path output = f.folder / "output";
  write_events(output / "run1", "loss", 1, 4);
  write_events(output / "run2", "loss", 1, 4);
  write_events(output / "again", "acc", 1, 4);
  write_events(output / "again2", "acc", 4, 6);
  MetricSink sink(f.observer, {{"loss", 2}, {"run2/loss", 3}, {"acc", 5}});
  EventFolder events(output, fs::file_time_type::min());
  events.poll(sink, f.observer);
  const auto count = [&](const TestPoint& point) {
    return std::count(f.observer.points.begin(), f.observer.points.end(), point);
  };
  CHECK(f.observer.points.size() == 11);
  CHECK(count({"loss", 3, 0.75}) == 1);
  CHECK(count({"run2/loss", 3, 0.75}) == 1);
  CHECK(count({"acc", 5, 1.25}) == 1);
  // In a folder of its own, from a step that is there already.
  write_events(output / "run3", "loss", 3, 5);
  events.poll(sink, f.observer);
  CHECK(f.observer.points.size() == 12);
  CHECK(f.observer.points.back() == TestPoint{"loss", 4, 1});
}

TEST_CASE("a folder keeps the longer name that it had before the attempt that goes on",
          "[command]") {
  Followed f;
  const fs::path output = f.folder / "output";
  write_events(output / "a", "acc", 1, 2);
  write_events(output / "b", "acc", 2, 3);
  MetricSink sink(f.observer, {{"acc", 1}, {"a/acc", 1}});  // b has written first then
  EventFolder events(output, fs::file_time_type::min());
  events.poll(sink, f.observer);
  CHECK(std::set<std::string>{f.observer.points.at(0).name, f.observer.points.at(1).name} ==
        std::set<std::string>{"a/acc", "acc"});
  write_events(output / "a", "acc", 5, 6);
  events.poll(sink, f.observer);
  CHECK(f.observer.points.back() == TestPoint{"a/acc", 5, 1.25});
}

TEST_CASE("of curves that were begun anew, what was written before is not read", "[command]") {
  Followed f;
  const fs::path output = f.folder / "output";
  write_events(output / "first", "loss", 1, 9);
  const fs::path file = fs::directory_iterator(output / "first")->path();
  const fs::file_time_type begun = fs::last_write_time(file) + std::chrono::seconds(10);
  write_events(output / "second", "loss", 1, 3);
  fs::last_write_time(fs::directory_iterator(output / "second")->path(),
                      begun + std::chrono::seconds(1));
  EventFolder events(output, begun);
  events.poll(f.sink, f.observer);
  CHECK(f.observer.points == std::vector<TestPoint>{{"loss", 1, 0.25}, {"loss", 2, 0.5}});
}

TEST_CASE("steps that were only counted keep no point of a file out", "[command]") {
  TestObserver observer;
  MetricSink sink(observer);
  for (int i = 0; i < 3; ++i) sink.add_of_line("loss", std::nullopt, 0.5);
  sink.add_of_file("loss", 2, 0.25);
  CHECK(observer.points.size() == 4);
}

TEST_CASE("what is printed and written to a file, too, is there once", "[command]") {
  TestObserver observer;
  MetricSink sink(observer);
  for (int step : {3, 1, 2}) sink.add_of_line("loss", step, step);
  for (int step = 1; step < 6; ++step) sink.add_of_file("loss", step, step);
  sink.add_of_line("loss", 6, 6);
  sink.add_of_line("f1", 1, 1);
  CHECK(observer.points == std::vector<TestPoint>{{"loss", 3, 3},
                                                  {"loss", 1, 1},
                                                  {"loss", 2, 2},
                                                  {"loss", 4, 4},
                                                  {"loss", 5, 5},
                                                  {"f1", 1, 1}});
  CHECK(observer.lines == std::vector<std::string>{"'loss' is printed and written to a file: its "
                                                   "points come from the file"});
}

TEST_CASE("a torn record waits, a damaged file is told and left", "[command]") {
  Followed f;
  const fs::path folder = f.folder / "output";
  write_events(folder, "loss", 1, 4);
  const fs::path whole = fs::directory_iterator(folder)->path();
  const std::string bytes = read_file(whole);
  fs::remove(whole);
  EventFolder events(folder);
  const fs::path path = folder / "events.out.tfevents.1.host";
  std::ofstream(path, std::ios::binary) << bytes.substr(0, bytes.size() - 5);
  events.poll(f.sink, f.observer);
  CHECK(f.observer.points.size() == 2);
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes.substr(bytes.size() - 5);
  events.poll(f.sink, f.observer);
  CHECK(f.observer.points.size() == 3);
  std::ofstream(path, std::ios::binary | std::ios::app) << std::string(100, 'x');
  events.poll(f.sink, f.observer);
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
  events.poll(f.sink, f.observer);
  CHECK(f.observer.points.size() == 3);
  REQUIRE(f.observer.lines.size() == 1);
  CHECK(f.observer.lines[0].find("is damaged") != std::string::npos);
}

TEST_CASE("scalars as TensorFlow 2 writes them are read", "[command]") {
  Followed f;
  const fs::path folder = f.folder / "output";
  EventFolder events(folder);
  fs::create_directories(folder);
  // By hand: Event{step = 2: 5, summary = 5: {value = 1: {tag = 1: "x", tensor = 8: {…}}}}.
  const auto event_with = [](const std::string& tensor) {
    const auto field = [](int number, const std::string& data) {
      return std::string{static_cast<char>(number * 8 + 2), static_cast<char>(data.size())} + data;
    };
    const std::string value = field(1, "x") + field(8, tensor);
    return std::string("\x10\x05") + field(5, field(1, value));
  };
  std::string bytes;
  const std::string no_shape("\x12\x00", 2);
  // dtype float with the number as content; as a packed list; dtype double; a vector; no number.
  append_record(bytes, event_with(std::string("\x08\x01") + no_shape +
                                  std::string("\x22\x04\x00\x00\x00\x3f", 6)));
  append_record(bytes, event_with(std::string("\x08\x01") + no_shape +
                                  std::string("\x2a\x04\x00\x00\x80\x3e", 6)));
  append_record(bytes, event_with(std::string("\x08\x02") + no_shape +
                                  std::string("\x22\x08\x00\x00\x00\x00\x00\x00\xf8\x3f", 10)));
  append_record(bytes, event_with(std::string("\x08\x01\x12\x04\x12\x02\x08\x01", 8) +
                                  std::string("\x22\x04\x00\x00\x00\x3f", 6)));
  append_record(bytes, event_with(std::string("\x08\x07") + no_shape + "\x22\x01z"));
  std::ofstream(folder / "events.out.tfevents.1", std::ios::binary) << bytes;
  events.poll(f.sink, f.observer);
  CHECK(f.observer.points == std::vector<TestPoint>{{"x", 5, 0.5}, {"x", 5, 0.25}, {"x", 5, 1.5}});
}

}  // namespace
}  // namespace mat
