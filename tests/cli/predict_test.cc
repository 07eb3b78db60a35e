#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/cli/lifecycle_fixture.h"
#include "tests/test_files.h"

using namespace mat;
using namespace mat::test;

namespace {

namespace fs = std::filesystem;

// A job whose latest version knows red, green and blue pictures.
struct Trained {
  Trained() : mat(folder) {
    draw_pictures(folder / "data", {"blue", "green", "red"}, 12);
    write_text(folder / "job.yaml", small_spec("colours", "data", 4));
    mat.succeed({"job", "create", "-f", "job.yaml"});
  }

  std::string a_picture(const std::string& label) const {
    for (const auto& entry : fs::directory_iterator(folder / "data" / label)) {
      return entry.path().lexically_relative(folder.path()).string();
    }
    FAIL("no pictures were drawn");
    return {};
  }

  TemporaryFolder folder;
  MatProcess mat;
};

}  // namespace

TEST_CASE("predict says what pictures show, as lines, JSON and CSV, in their order") {
  const Trained t;
  const std::string red = t.a_picture("red"), blue = t.a_picture("blue");

  SECTION("lines") {
    const Output said = t.mat.succeed({"predict", "colours", red, blue, "--top", "2"});
    const auto lines = split(trim(said.out), '\n');
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].rfind(red + "  red ", 0) == 0);
    CHECK(lines[1].rfind(blue + "  blue ", 0) == 0);
    CHECK(said.err.empty());
  }

  SECTION("JSON") {
    const Json said = t.mat.succeed({"predict", "colours@V0001", blue, red, "--json"}).json();
    CHECK(said["model"] == "colours@V0001");
    CHECK(said["predictions"][0]["file"] == blue);
    CHECK(said["predictions"][0]["predicted"] == "blue");
    REQUIRE(said["predictions"][1]["scores"].size() == 3);
    double sum = 0;
    for (const Json& score : said["predictions"][1]["scores"]) sum += score["score"].get<double>();
    CHECK(sum == Approx(1).margin(1e-5));
  }

  SECTION("with the names of the heatmaps that it wrote") {
    const std::vector<std::string> words{"predict", "colours", red, "gone.bmp", "--heatmap", "h"};
    const auto said = [&](const char* form) {
      std::vector<std::string> all = words;
      all.emplace_back(form);
      return t.mat.run(all);
    };
    const Json rows = said("--json").json()["predictions"];
    const std::string heatmap = rows[0]["heatmap"];
    CHECK(fs::path(heatmap).parent_path() == "h");
    CHECK(fs::exists(t.folder / heatmap));
    CHECK_FALSE(rows[1].contains("heatmap"));
    // What is there may be somebody's picture.
    const std::string bytes = read_file(t.folder / heatmap);
    std::ofstream(t.folder / heatmap) << "mine";
    const fs::path begin = fs::path(heatmap).parent_path() / fs::path(red).stem();
    const auto lines = split(trim(said("--csv").out), '\n');
    CHECK(lines[0].ends_with(",error,warning,heatmap"));
    CHECK(lines[1].ends_with("," + begin.string() + "-2-heatmap.jpg"));
    CHECK(read_file(t.folder / heatmap) == "mine");
    CHECK((read_file(t.folder / (begin.string() + "-2-heatmap.jpg")) == bytes));
    CHECK(said("--top=1").out.find("→ " + begin.string() + "-3-heatmap.jpg") != std::string::npos);
  }

  SECTION("CSV, of a folder with a comma in its name") {
    fs::create_directories(t.folder / "a,b");
    fs::copy(t.folder / red, t.folder / "a,b" / "1.bmp");
    const Output said =
        t.mat.succeed({"predict", "colours", "--dir", "a,b", "--csv", "--top", "1"});
    const auto lines = split(trim(said.out), '\n');
    REQUIRE(lines.size() == 2);
    CHECK(lines[0] == "file,label_1,score_1,error,warning");
    CHECK(lines[1].rfind("\"a,b/1.bmp\",red,", 0) == 0);
  }

  SECTION("what comes through a pipe: a picture, or names") {
    CHECK(has(t.mat.run_in_shell("mat predict colours - < " + red).out, "-  red "));
    const Output names = t.mat.run_in_shell("ls data/green/* | mat predict colours - --json");
    CHECK(names.exit_code == 0);
    CHECK(names.json()["predictions"].size() == 12);
  }
}

TEST_CASE("A bad picture among good ones is a row, and the exit code says so") {
  const Trained t;
  write_text(t.folder / "torn.jpg", "not a picture");
  const std::string red = t.a_picture("red");
  const Output said = t.mat.run({"predict", "colours", "torn.jpg", red, "absent.png", "--json"});
  CHECK(said.exit_code == 1);
  const Json predictions = said.json()["predictions"];
  REQUIRE(predictions.size() == 3);
  CHECK(predictions[0].contains("error"));
  CHECK(predictions[1]["predicted"] == "red");
  CHECK(predictions[2]["error"] == "no such file");
  CHECK(has(said.err, "2 of 3 pictures got no answer"));

  const Output hostile = t.mat.run({"predict", "colours", "a\x1b[31m\nb.jpg"});
  CHECK(hostile.exit_code == 1);
  CHECK_FALSE(has(hostile.out, "\x1b"));
}

TEST_CASE("Nothing to ask, or nobody, is a clear error") {
  const Trained t;
  CHECK(t.mat.run({"predict", "colours"}).exit_code == 2);
  CHECK(t.mat.run({"predict", "colours", "a.jpg", "--dir", "data"}).exit_code == 2);
  CHECK(t.mat.run({"predict", "colours", "--dir", "absent"}).exit_code == 3);
  CHECK(t.mat.run({"predict", "colours", "--dir", t.a_picture("red")}).exit_code == 2);
  CHECK(t.mat.run({"evaluate", "colours", "absent"}).exit_code == 3);
  CHECK(t.mat.run({"evaluate", "colours", "./absent/too"}).exit_code == 3);
  CHECK(t.mat.run({"predict", "colours", "-", "a.jpg"}).exit_code == 2);
  CHECK(t.mat.run_in_shell("mat predict colours - < /dev/null").exit_code == 2);
  CHECK(t.mat.run({"predict", "colour", t.a_picture("red")}).exit_code == 3);
  const fs::path weights = t.mat.home() / "jobs/colours/V0001/output/best.safetensors";
  fs::resize_file(weights, 100);
  const Output torn = t.mat.run({"predict", "colours", t.a_picture("red")});
  CHECK(torn.exit_code == 5);
  CHECK(has(torn.err, "not a usable weights file"));
  fs::remove(weights);
  CHECK(t.mat.run({"predict", "colours", t.a_picture("red")}).exit_code == 4);
}

TEST_CASE("an answer is there before the next name is") {
  const Trained t;
  // The second name is sent once the first has its answer, or never.
  const Output said = t.mat.run_in_shell(
      "{ echo " + t.a_picture("red") +
      "; for i in $(seq 600); do [ -s first ] && break; sleep 0.1; done; [ -s first ] && echo " +
      t.a_picture("blue") + "; } | mat predict colours - --top 1 >first; wc -l <first");
  CHECK(has(said.out, "2"));
}

TEST_CASE("what is no picture and no names is told once, not for each line of it") {
  const Trained t;
  write_text(t.folder / "noise", std::string("\x01\x02 noise\n\x7f more\n"));
  const Output noise = t.mat.run_in_shell("mat predict colours - <noise");
  CHECK(noise.exit_code == 2);
  CHECK(noise.out.empty());
  CHECK(has(noise.err, "standard input is neither a picture nor names of files"));
}

TEST_CASE("a dataset's name is its current version, and a path of that name is told") {
  const Trained t;
  draw_pictures(t.folder / "held", {"blue", "green", "red"}, 10);
  t.mat.succeed({"dataset", "create", "more", "held"});
  const auto evaluated = [&] {
    return t.mat.succeed({"evaluate", "colours", "more", "--json", "--no-keep"});
  };
  CHECK(evaluated().json()["samples"] == 30);
  t.mat.succeed({"dataset", "publish", "more"});
  CHECK(evaluated().json()["samples"] == 6);
  fs::rename(t.folder / "held", t.folder / "more");
  const Output both = evaluated();
  CHECK(both.json()["samples"] == 30);
  CHECK(has(both.err, "'more' is a path and a dataset"));
}

TEST_CASE("evaluate measures a version on labelled pictures and keeps what it found") {
  const Trained t;
  draw_pictures(t.folder / "new", {"blue", "green", "red"}, 5);
  // One that is labelled wrongly.
  fs::rename(t.folder / t.a_picture("red"), t.folder / "new" / "green" / "odd.bmp");

  const Json said = t.mat.succeed({"evaluate", "colours", "new", "--json"}).json();
  CHECK(said["model"] == "colours@V0001");
  CHECK(said["name"] == "E001");
  CHECK(said["samples"] == 16);
  CHECK(said["accuracy"].get<double>() == Approx(15.0 / 16));
  CHECK(said["worst"][0]["file"] == "green/odd.bmp");
  CHECK(fs::exists(t.mat.home() / "jobs/colours/V0001/evaluations/E001/predictions.jsonl"));

  const Output text = t.mat.succeed({"evaluate", "colours", "new", "--slice-by", "folder"});
  for (const char* part :
       {"evaluation", "E002", "accuracy", "0.9375", "weighted f1", "CLASS", "LABEL \\ PREDICTED",
        "SURE TO", "slices", "worst answers", "green/odd.bmp",
        "mean distance of how sure answers are from how often they are right"}) {
    INFO(part);
    CHECK(has(text.out, part));
  }
  // Thresholds that change nothing are left out.
  const std::size_t sure = text.out.find("SURE TO");
  std::vector<std::string> figures;
  for (const std::string& line :
       split(text.out.substr(sure, text.out.find("\n\n", sure) - sure), '\n')) {
    figures.push_back(line.substr(line.find("  ")));
    CHECK(figures.back().find(" - ") == std::string::npos);
  }
  CHECK(figures.size() > 1);
  CHECK(std::adjacent_find(figures.begin(), figures.end()) == figures.end());
  const Json listed = t.mat.succeed({"evaluate", "colours", "--json"}).json();
  REQUIRE(listed["evaluations"].size() == 2);
  CHECK(listed["evaluations"][0]["accuracy"] == said["accuracy"]);
  CHECK(t.mat.succeed({"evaluate", "colours", "--show", "E001", "--json"}).json()["accuracy"] ==
        said["accuracy"]);
  CHECK(t.mat.run({"evaluate", "colours", "--show", "E009"}).exit_code == 3);

  t.mat.succeed({"evaluate", "colours", "new", "--no-keep"});
  CHECK(t.mat.succeed({"evaluate", "colours", "--json"}).json()["evaluations"].size() == 2);
  CHECK(t.mat.run({"evaluate", "colours", "absent"}).exit_code != 0);
  CHECK(t.mat.run({"evaluate", "colours", "new", "--part", "some"}).exit_code == 2);
}

TEST_CASE("evaluate tells what the model knows already, wherever it lies") {
  const Trained t;
  fs::rename(t.folder / "data", t.folder / "elsewhere");
  draw_pictures(t.folder / "new", {"blue", "green", "red"}, 15);
  const Json facts = t.mat.succeed({"version", "show", "colours", "--json"}).json()["facts"];
  const auto check_known = [&](const std::string& model) {
    const Output all = t.mat.succeed({"evaluate", model, "elsewhere", "--no-keep"});
    const std::string learnt = to_json_text(facts["dataset"]["train"]);
    CHECK(has(all.out, "\npart                all\n"));
    CHECK(has(all.out, "\nlearnt from         " + learnt + " of them\n"));
    CHECK(
        has(all.err, learnt + " of 36 pictures are the same as those that the model learnt from"));
    const std::string validated = to_json_text(facts["dataset"]["validation"]);
    CHECK(has(all.err,
              validated + " of 36 pictures are the same as those that the model was validated on"));
  };
  check_known("colours");
  const Output both = t.mat.succeed({"evaluate", "colours", "new", "--json"});
  CHECK(both.json()["pictures"]["evaluated"] == 45);
  const int learnt = both.json()["pictures"]["learnt_from"];
  CHECK(learnt > 0);
  CHECK(learnt < 45);
  CHECK(both.json()["part"] == "all");
  CHECK(has(t.mat.succeed({"evaluate", "colours", "--show", "E001"}).out, "learnt from "));

  t.mat.succeed({"model", "create", "colours", "--name", "shop"});
  t.mat.succeed({"job", "delete", "colours", "--yes"});
  check_known("shop");
}

TEST_CASE("evaluate names and counts what it leaves out") {
  const Trained t;
  std::string lines;
  const auto add = [&](const std::string& file) {
    lines += R"({"source":")" + (t.folder / file).string() +
             R"(","annotation":[{"type":"modelarts/image_classification","name":"red"}]})" + "\n";
  };
  add(t.a_picture("red"));
  for (int i = 0; i < 22; ++i) add("gone" + std::to_string(i) + ".bmp");
  write_text(t.folder / "torn.bmp", "BM");
  add("torn.bmp");
  write_text(t.folder / "list.manifest", lines);
  const Output said = t.mat.succeed({"evaluate", "colours", "list.manifest", "--json"});
  CHECK(said.json()["samples"] == 1);
  CHECK(said.json()["pictures"]["unusable"] == 22);
  CHECK(said.json()["pictures"]["unreadable"] == 1);
  CHECK(has(said.err, "list.manifest:2: there is no file"));
  CHECK(has(said.err, "left out 3 more; 23 in all"));
}

TEST_CASE("what was measured and cannot be kept is printed all the same") {
  const Trained t;
  write_text(t.mat.home() / "jobs/colours/V0001/evaluations", "a file where a folder should be");
  const Output said = t.mat.run({"evaluate", "colours", "data", "--json"});
  CHECK(said.exit_code == 5);
  CHECK(said.json()["samples"] == 36);
  CHECK_FALSE(said.json().contains("name"));
  CHECK(has(said.err, "error: the evaluation is not kept: cannot make"));
}

TEST_CASE("what is measured of a training that goes on is not kept as its result") {
  const Trained t;
  write_text(t.folder / "long.yaml", small_spec("long", "data", 100'000));
  const pid_t training = t.mat.start({"job", "create", "-f", "long.yaml"});
  const fs::path version = t.mat.home() / "jobs/long/V0001";
  REQUIRE(wait_until([&] { return fs::exists(version / "output/best.safetensors"); }));
  const Output said = t.mat.succeed({"evaluate", "long", "data", "--json"});
  CHECK(said.json()["samples"] == 36);
  CHECK_FALSE(said.json().contains("name"));
  CHECK(has(said.err, "long@V0001 is Running: its weights may change"));
  CHECK(has(said.err, "not kept: "));
  CHECK_FALSE(fs::exists(version / "evaluations"));
  const Output served = t.mat.succeed({"service", "deploy", "long", "-d"});
  t.mat.succeed({"service", "stop", "long"});
  CHECK(has(served.err, "long@V0001 is Running: its weights may change"));
  t.mat.succeed({"version", "stop", "long"});
  CHECK(t.mat.wait_for(training).exit_code == 6);
  CHECK(t.mat.succeed({"evaluate", "long", "data", "--json"}).json()["name"] == "E001");
}

TEST_CASE("On a dataset's held-out pictures evaluate finds what the training found") {
  TemporaryFolder folder;
  const MatProcess mat(folder);
  draw_pictures(folder / "data", {"blue", "green", "red"}, 12);
  mat.succeed({"dataset", "create", "colours", "data"});
  mat.succeed({"dataset", "publish", "colours"});
  write_text(folder / "job.yaml", small_spec("first", "data", 2));
  mat.succeed(
      {"job", "create", "-f", "job.yaml", "--set", "inputs.data_url=dataset://colours@V001"});
  const Json trained = mat.succeed({"version", "show", "first", "--json"}).json();
  const Json said =
      mat.succeed({"evaluate", "first", "colours@V001", "--part", "eval", "--precision",
                   trained["facts"]["precision"].get<std::string>(), "--json"})
          .json();
  CHECK(said["data"] == "colours@V001");
  CHECK(said["samples"] == trained["evaluation"]["samples"]);
  CHECK(said["accuracy"] == trained["evaluation"]["accuracy"]);
  CHECK(said["pictures"]["evaluated"] == said["samples"]);

  // A picture that has changed since it was published is noticed.
  write_text(folder / "data" / "red" / "0.bmp", bmp_of_color(24, 24, 0x00ff00));
  const Output changed = mat.run({"evaluate", "first", "colours@V001", "--part", "all"});
  CHECK(changed.exit_code == 2);
}
