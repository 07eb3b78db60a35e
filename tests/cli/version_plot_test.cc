#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <thread>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/cli/drawn_versions.h"

using namespace mat;
using namespace mat::test;

TEST_CASE("curves are drawn as they were accepted") {
  DrawnVersions t;
  t.add_lamps();
  const auto plot = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"version", "plot"});
    return t.mat.succeed(words).out;
  };
  check_golden("version_plot.txt", plot({"lamps@1"}));
  check_golden("version_plot_several.txt", plot({"lamps@1", "lamps@2", "--metric", "loss"}));
  t.mat.environment["LANG"] = "C";
  const std::string ascii =
      plot({"lamps", "--metric", "accuracy", "--x", "epoch", "--width", "60", "--height", "14"});
  check_golden("version_plot_ascii.txt", ascii);
  for (const char c : ascii) CHECK((c == '\n' || (c >= ' ' && c <= '~')));
}

TEST_CASE("a plot fits the window and has colours there") {
  DrawnVersions t;
  t.add_lamps();
  t.mat.environment["TERM"] = "xterm-256color";
  for (const int columns : {20, 40, 200}) {
    const std::string shown =
        t.mat.run_on_terminal({"version", "plot", "lamps@1", "lamps@2"}, columns).out;
    CHECK(has(shown, "\x1b[38;5;33m"));
    CHECK(has(shown, "\x1b[38;5;208m"));
    CHECK(has(shown, "\xe2\xa0"));
  }
  t.mat.environment["NO_COLOR"] = "1";
  const std::string plain = t.mat.run_on_terminal({"version", "plot", "lamps@1", "lamps@2"}).out;
  CHECK_FALSE(has(plain, "\x1b"));
  CHECK(has(plain, "* lamps@V0001"));
  for (const std::string& line : split(plain, '\n')) {
    if (line.rfind("mat:", 0) != 0) CHECK(display_width(line) <= 80);
  }
}

TEST_CASE("points that are no numbers are marked and told") {
  DrawnVersions t;
  const Id id = t.add("odd");
  t.write(id, "loss", 20, [](int step) {
    if (step == 5) return std::numeric_limits<double>::infinity();
    return step > 17 ? NAN : 1.0 / step;
  });
  const Output output = t.mat.succeed({"version", "plot", "odd", "--metric", "loss"});
  CHECK(has(output.out, "▲"));
  CHECK(has(output.out, "×"));
  CHECK(has(output.err, "loss of odd@V0001: 3 points are NaN, the first at step 18"));
  CHECK(has(output.err, "loss of odd@V0001: 1 point is infinite, at step 5"));
  const Json json = t.mat.succeed({"version", "plot", "odd", "--json"}).json();
  CHECK(json["curves"][0]["value"].size() == 16);
  CHECK(json["curves"][0]["odd"].size() == 4);
  CHECK(has(t.mat.succeed({"version", "plot", "odd", "--csv"}).out, ",inf\n"));
}

TEST_CASE("a plot leaves room in the window for its notes and the prompt") {
  constexpr int kColumns = 80, kRows = 24;  // of the terminal
  DrawnVersions t;
  const Id id = t.add("odd");
  for (const char* metric : {"loss", "a_rather_long_name_of_a_validation_loss", "accuracy"}) {
    t.write(id, metric, 20, [](int step) {
      if (step == 5) return std::numeric_limits<double>::infinity();
      return step > 17 ? NAN : 1.0 / step;
    });
  }
  t.add("empty");
  t.mat.environment["TERM"] = "xterm";
  t.mat.environment["NO_COLOR"] = "1";
  const auto rows_of = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"version", "plot"});
    const std::string shown = t.mat.run_on_terminal(words).out;
    CHECK(has(shown, "mat: "));
    int rows = 0;
    for (const std::string& line : split(trim(shown), '\n')) {
      rows += std::max(1, (display_width(line) + kColumns - 1) / kColumns);
    }
    return rows;
  };
  CHECK(rows_of({"odd"}) < kRows);
  CHECK(rows_of({"odd", "empty"}) < kRows);
  CHECK(rows_of({"odd", "--metric", "accuracy", "--metric", "loss"}) < kRows);
}

TEST_CASE("curves are given as CSV and as a document") {
  DrawnVersions t;
  t.add_lamps();
  const std::string csv =
      t.mat
          .succeed({"version", "plot", "lamps@1", "lamps@2", "--csv", "--metric", "loss",
                    "--metric", "accuracy", "--x", "epoch", "--smooth", "0.5"})
          .out;
  const std::vector<std::string> lines = split(csv, '\n');
  CHECK(lines[0] == "reference,metric,step,epoch,time,value,smoothed");
  CHECK(lines.size() == 1 + 400 + 1);
  CHECK(lines[1].rfind("lamps@V0001,loss,1,0.1,", 0) == 0);
  CHECK(lines[400].rfind("lamps@V0002,accuracy,100,10,", 0) == 0);

  const Json json = t.mat
                        .succeed({"version", "plot", "lamps", "--json", "--metric", "loss", "--x",
                                  "epoch", "--smooth", "0.9"})
                        .json();
  CHECK(json["x"] == "epoch");
  REQUIRE(json["curves"].size() == 1);
  CHECK(json["curves"][0]["exact"] == true);
  CHECK(json["curves"][0]["x"][99] == 10);
  CHECK(json["curves"][0]["smoothed"]["value"][99].get<double>() >
        json["curves"][0]["value"][99].get<double>());
}

TEST_CASE("curves are drawn into files") {
  DrawnVersions t;
  t.add_lamps();
  t.mat.succeed({"version", "plot", "lamps@1", "lamps@2", "--svg", "a.svg", "--png", "a.png"});
  const std::string svg = read_file(t.folder / "a.svg"), png = read_file(t.folder / "a.png");
  CHECK(has(svg, "lamps@V0002"));
  CHECK(has(svg, "</svg>"));
  CHECK(png.rfind("\x89PNG", 0) == 0);
  CHECK(t.mat.run({"version", "plot", "lamps", "--svg", "no/folder/a.svg"}).exit_code == 3);
  // Also beside what is printed.
  const Output csv =
      t.mat.succeed({"version", "plot", "lamps", "--csv", "--png", "b.png", "--svg", "b.svg"});
  CHECK(csv.out.rfind("reference,metric,", 0) == 0);
  CHECK(has(csv.err, "wrote 'b.png'"));
  CHECK(read_file(t.folder / "b.png").rfind("\x89PNG", 0) == 0);
  CHECK(has(read_file(t.folder / "b.svg"), "</svg>"));
  CHECK(t.mat.succeed({"version", "plot", "lamps", "--json", "--png", "c.png"})
            .json()
            .contains("curves"));
  CHECK(read_file(t.folder / "c.png").rfind("\x89PNG", 0) == 0);
}

TEST_CASE("what cannot be drawn is told") {
  DrawnVersions t;
  t.add_lamps();
  Output output = t.mat.run({"version", "plot", "lamps", "--metric", "acuracy"});
  CHECK(output.exit_code == 3);
  CHECK(has(output.err, "there is no metric 'acuracy' in lamps@V0002"));
  CHECK(has(output.err, "did you mean 'accuracy'?; known: accuracy, loss, train_loss"));

  t.add("empty");
  output = t.mat.run({"version", "plot", "empty"});
  CHECK(output.exit_code == 3);
  CHECK(has(output.err, "empty@V0001 has no points"));
  output = t.mat.succeed({"version", "plot", "empty", "lamps", "--metric", "loss"});
  CHECK(has(output.err, "empty@V0001 has no points"));
  CHECK(has(output.out, "loss"));

  const Id id = t.add("steps");
  t.write(id, "loss", 5, [](int step) { return step; });
  output = t.mat.run({"version", "plot", "steps", "--x", "epoch"});
  CHECK(output.exit_code == 2);
  CHECK(has(output.err, "steps@V0001 does not tell its epochs"));

  CHECK(t.mat.run({"version", "plot", "nowhere"}).exit_code == 3);
  CHECK(t.mat.run({"version", "plot", "lamps", "--follow", "--json"}).exit_code == 2);
  output = t.mat.run({"version", "plot", "lamps", "--csv", "--json"});
  CHECK(output.exit_code == 2);
  CHECK(output.out.empty());
  CHECK(has(output.err, "--csv excludes --json"));
  CHECK(t.mat.run({"version", "plot", "lamps", "--smooth", "1"}).exit_code == 2);
  CHECK(t.mat.run({"version", "plot", "lamps", "--x", "weeks"}).exit_code == 2);
}

TEST_CASE("curves of several seeds are drawn one by one") {
  DrawnVersions t;
  const Id id = t.add("seeds");
  for (const int seed : {7, 8}) {
    t.write(id, "seed" + std::to_string(seed) + "/loss", 10, [&](int s) { return s + seed; });
  }
  t.write(id, "loss", 1, [](int) { return 12; });
  t.write(id, "loss_deviation", 1, [](int) { return 0.5; });
  const std::string shown = t.mat.succeed({"version", "plot", "seeds", "--metric", "loss"}).out;
  CHECK(has(shown, "loss seed 7"));
  CHECK(has(shown, "loss seed 8"));
  // How far apart they are is no curve.
  const Output all = t.mat.succeed({"version", "plot", "seeds"});
  CHECK_FALSE(has(all.out + all.err, "loss_deviation"));
  CHECK(has(t.mat.succeed({"version", "plot", "seeds", "--metric", "loss_deviation"}).out,
            "loss_deviation"));
}

TEST_CASE("a running version is drawn until it has ended, in its place") {
  DrawnVersions t;
  const Id id = t.add("live", Status::running);
  t.mat.environment["TERM"] = "xterm";
  std::thread training([&] {
    t.write(id, "loss", 50, [](int step) { return 100.0 - step; });
    t.end(id);
  });
  const Output output = t.mat.run_on_terminal({"version", "plot", "live", "-f"});
  training.join();
  CHECK(output.exit_code == 0);
  CHECK(has(output.out, "live@V0001  Completed"));
  const std::string last = output.out.substr(output.out.rfind("loss of"));
  CHECK(has(last, "step"));
  for (const std::string& line : split(last, '\n')) CHECK(line.find('\r') == std::string::npos);
  // The cursor is never hidden and the screen is the usual one: nothing is left to restore.
  CHECK_FALSE(has(output.out, "\x1b[?25l"));
  CHECK_FALSE(has(output.out, "\x1b[?1049h"));
}

TEST_CASE("a metric that has no points yet is waited for") {
  DrawnVersions t;
  const Id id = t.add("live", Status::running);
  t.write(id, "train_loss", 5, [](int step) { return step; });
  t.mat.environment["TERM"] = "xterm";
  std::thread training([&] {
    t.write(id, "loss", 50, [](int step) { return 100.0 - step; });
    t.end(id);
  });
  const Output output =
      t.mat.run_on_terminal({"version", "plot", "live", "-f", "--metric", "loss"});
  training.join();
  CHECK(output.exit_code == 0);
  CHECK(has(output.out, "loss of live@V0001"));
  CHECK(t.mat.run({"version", "plot", "live", "-f", "--metric", "los"}).exit_code == 3);
}

TEST_CASE("without a terminal a plot is drawn once, when the version has ended") {
  DrawnVersions t;
  const Id id = t.add("live", Status::running);
  t.write(id, "loss", 5, [](int step) { return step; });
  const pid_t pid = t.mat.start({"version", "plot", "live", "--follow"});
  t.write(id, "loss", 50, [](int step) { return step; });
  t.end(id);
  const Output output = t.mat.wait_for(pid);
  CHECK(output.exit_code == 0);
  CHECK(output.out.rfind("loss of live@V0001", 0) == 0);
  CHECK_FALSE(has(output.out, "\x1b"));
}
