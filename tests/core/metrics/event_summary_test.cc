#include "core/metrics/event_summary.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "core/image/text_drawing.h"
#include "core/metrics/evaluation_document.h"
#include "core/metrics/evaluation_summaries.h"
#include "core/metrics/event_file.h"
#include "core/metrics/event_tail.h"
#include "core/metrics/standard_charts.h"
#include "tests/core/metrics/event_files.h"
#include "tests/run_python.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

constexpr Colour kRed{200, 30, 40};

std::vector<EventSummary> head() {
  Json settings{{"lr", 0.05},
                {"epochs", 3},
                {"flip", true},
                {"optimizer", "sgd\x1b[31m"},
                {"target", nullptr}};
  return {{{}, 0, standard_charts(ChartKind::classifier)},
          {{}, 0, RunSettingsSummary{settings}},
          {"spec", 0, code_block("name: a\nfence: ```\n", "yaml")}};
}

EvaluatedSamples evaluated_pictures() {
  EvaluatedSamples evaluated;
  evaluated.classes = {"dress", "caf\xc3\xa9 \xff"};
  evaluated.predictions = {{0.9F, 0.1F, 0.4F, 0.6F, 0.3F, 0.7F, 0.2F, 0.8F}, {0, 0, 1, 1}, 2};
  evaluated.names = {"a", "b", "c", "d"};
  return evaluated;
}

GraphSummary small_graph() {
  return {{{"pictures", "Placeholder", {}, {}},
           {"layer1/conv", "convolution", {"pictures"}, {{"kernel", 3}}},
           {"layer1/relu_1", "relu", {"layer1/conv"}, {}}}};
}

void write_everything(const fs::path& folder) {
  EventWriter writer(folder, head);
  writer.add("loss", 1, 0.5);
  writer.add({{}, 0, small_graph()});
  writer.add({"samples", 0, PictureSummary{blank_image(40, 20, kRed)}});
  writer.add({"weights/conv", 4, HistogramSummary{{{-1, 0, 3}, {0, 1, 5}}}});
  writer.add({"weights/conv", 8, HistogramSummary{}});
  for (const EventSummary& summary :
       summaries_of_evaluation(evaluation_document(evaluated_pictures()), 9)) {
    writer.add(summary);
  }
  writer.add({result_tag("loss"), 1, ResultSummary{0.125}});
  writer.add({{}, 0, RunEndSummary{}});
  writer.add("loss", 9, 0.25);
  writer.flush();
}

TEST_CASE("what is shown besides curves is in nobody's way", "[metrics]") {
  const TempFolder folder;
  write_everything(folder.path());
  const std::vector<Curve> curves = read_event_files(folder.path());
  REQUIRE(curves.size() == 1);
  CHECK(curves.front().points.size() == 2);
  std::vector<double> values;
  EventTail tail(files_in(folder.path()).front());
  tail.poll([&](std::string_view tag, std::int64_t, double value) {
    if (tag == "loss") values.push_back(value);
  });
  CHECK(values == std::vector<double>{0.5, 0.25});
  CHECK_FALSE(tail.is_damaged());
}

TEST_CASE("a file's head is there once, and again in a file that begins anew", "[metrics]") {
  const TempFolder folder;
  int asked = 0;
  const EventHead counted = [&] {
    ++asked;
    return head();
  };
  EventPosition place;
  {
    EventWriter writer(folder.path(), counted);
    writer.add("loss", 1, 1);
    place = writer.position();
    writer.add({"samples", 0, PictureSummary{blank_image(600, 600, kRed)}});
  }
  { const EventWriter writer(folder.path(), counted); }
  { const EventWriter writer(folder.path(), place, counted); }
  CHECK(asked == 1);
  CHECK(fs::file_size(files_in(folder.path()).front()) == place.bytes);
  { const EventWriter writer(folder.path(), EventPosition{}, counted); }
  CHECK(asked == 2);
  CHECK(files_in(folder.path()).size() == 1);
  CHECK(steps_in(folder.path()).empty());
}

TEST_CASE("a torn picture at the end is cut off, and points go on behind what is whole",
          "[metrics]") {
  const TempFolder folder;
  write_everything(folder.path());
  const fs::path file = files_in(folder.path()).front();
  const auto whole = fs::file_size(file);
  Image noise = blank_image(900, 900, kRed);
  std::uint32_t random = 1;
  for (std::uint8_t& byte : noise.pixels) {
    random = random * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(random >> 24);
  }
  {
    EventWriter writer(folder.path());
    writer.add({"large", 0, PictureSummary{noise}});
    writer.flush();
  }
  const std::string bytes = read_file(file);
  REQUIRE(bytes.size() > whole + (1 << 20));
  for (const std::uintmax_t cut : {bytes.size() - 1, whole + 30, whole + 5}) {
    write_file_unsynced(file, std::string_view(bytes).substr(0, cut));
    write_points(folder.path(), 20, 1);
    CHECK(steps_in(folder.path()) == std::vector<std::int64_t>{1, 9, 20});
  }
}

TEST_CASE("TensorBoard itself reads all that is shown", "[metrics]") {
  const TempFolder folder;
  write_everything(folder.path());
  const auto output = run_python("core/metrics/read_with_tensorboard.py", {folder.path().string()},
                                 "MAT_TENSORBOARD_PYTHON");
  if (!output) return;
  const Json read = parse_json(*output, "read_with_tensorboard.py");
  CHECK(read["scalars"]["loss"].size() == 2);
  CHECK(read["charts"][0][1][0] == standard_charts(ChartKind::classifier).charts[0].tags[0]);
  CHECK(read["settings"].size() == 4);
  CHECK(read["settings"]["lr"] == 0.05);
  CHECK(read["settings"]["epochs"] == 3);
  CHECK(read["settings"]["flip"] == true);
  CHECK(read["settings"]["optimizer"] == "sgd\\x1b[31m");
  CHECK(read["ended"] == 1);
  CHECK(read["pages"]["result/loss"] == "scalars");
  CHECK(read["results"] == Json::parse(R"({"result/loss": [[1, 0.125]]})"));
  CHECK(read["texts"]["spec"] == "````yaml\nname: a\nfence: ```\n````\n");
  CHECK(read["pictures"]["samples"] == Json{40, 20});
  CHECK(read["pictures"]["confusion_matrix"][0] > 100);
  CHECK(read["histograms"]["weights/conv"] ==
        Json::parse("[[4, [[-1, 0, 3], [0, 1, 5]]], [8, []]]"));
  CHECK(read["graph"] == Json::parse(R"([["pictures", "Placeholder", []],
    ["layer1/conv", "convolution", ["pictures"]], ["layer1/relu_1", "relu", ["layer1/conv"]]])"));
  // Labels 0 0 1 1, answers 0 1 1 1.
  const Json& rows = read["curves"]["precision_recall/dress"];
  REQUIRE(rows.size() == 6);
  REQUIRE(rows[0].size() == 101);
  CHECK(rows[0][0] == 2);   // all are found at threshold 0
  CHECK(rows[1][0] == 2);   // with all the others
  CHECK(rows[0][80] == 1);  // at 0.8 only the first
  CHECK(rows[4][80] == 1);
  CHECK(rows[5][80] == 0.5);
  CHECK(rows[2][100] == 2);
  CHECK(read["curves"].size() == 2);
}

TEST_CASE("the settings of a run are read back from its event", "[metrics]") {
  const Json settings{{"lr", 0.05}, {"flip", true}, {"optimizer", "sgd"}, {"target", nullptr}};
  const auto read = settings_in_event(event_of({{}, 0, RunSettingsSummary{settings}}, 1));
  REQUIRE(read);
  CHECK(*read == Json{{"flip", true}, {"lr", 0.05}, {"optimizer", "sgd"}});
  CHECK_FALSE(settings_in_event(event_of({{}, 0, RunEndSummary{}}, 1)));
  CHECK_FALSE(settings_in_event(event_of({"spec", 0, TextSummary{"text"}}, 1)));
  CHECK_FALSE(settings_in_event("no event"));
}

TEST_CASE("the table's columns are all settings of all runs, and the results", "[metrics]") {
  const TempFolder folder;
  {
    EventWriter writer(folder.path());
    TableColumnsSummary columns;
    columns.settings = Json::parse(R"([{"lr": 0.5, "flip": true, "optimizer": "sgd", "k": 1},
                                       {"lr": 0.25, "flip": true, "k": "auto", "target": null}])");
    columns.metrics = {"loss", "accuracy"};
    writer.add({{}, 0, columns});
    writer.flush();
  }
  const auto output = run_python("core/metrics/read_with_tensorboard.py", {folder.path().string()},
                                 "MAT_TENSORBOARD_PYTHON");
  if (!output) return;
  const Json read = parse_json(*output, "read_with_tensorboard.py");
  CHECK(read["columns"]["settings"] == Json::parse(R"({
    "flip": ["bool", [true], false], "k": ["string", ["1", "auto"], true],
    "lr": ["float64", [0.25, 0.5], true], "optimizer": ["string", ["sgd"], false]})"));
  CHECK(read["columns"]["metrics"] ==
        Json::parse(R"([["result/loss", "loss"], ["result/accuracy", "accuracy"]])"));
}

TEST_CASE("an evaluation of another kind has nothing to show", "[metrics]") {
  for (const char* text :
       {"{}", "[]", "null", R"({"rmse": 3})", R"({"confusion_matrix": {"labels": ["a"]}})",
        R"({"confusion_matrix": {"labels": ["a", "b"], "rows": [[1, 2], [3]]}})",
        R"({"confusion_matrix": {"labels": ["a"], "rows": [["x"]]}})"}) {
    CHECK(summaries_of_evaluation(Json::parse(text), 1).empty());
  }
  // What can be shown is shown.
  CHECK(summaries_of_evaluation(
            Json::parse(R"({"confusion_matrix": {"labels": ["a", "b"], "rows": [[1, -2], [3, 4]]},
                            "classes": [{"precision_recall_curve": 7}]})"),
            1)
            .size() == 1);
}

}  // namespace
}  // namespace mat
