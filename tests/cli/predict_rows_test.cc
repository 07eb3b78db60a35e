#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

// Jobs whose versions know from a size what a thing is called and what it costs.
struct Tables {
  Tables() : mat(folder) {
    std::string csv = "name,size,kind,price\n";
    for (int i = 0; i < 120; ++i) {
      const int size = (i * 37) % 100;
      csv += "\"no. " + std::to_string(i) + ", new\"," + std::to_string(size) + "," +
             (size < 50 ? "small" : "large") + "," + std::to_string(10 + 3 * size) + ".5\n";
    }
    write_text(folder / "things.csv", csv);
    const auto spec = [](const std::string& name, const std::string& target,
                         const std::string& other) {
      return "name: " + name +
             "\nalgorithm: tabular_mlp\ninputs: {data_url: ./things.csv}\n"
             "hyperparameters: {target: " +
             target + ", ignore_columns: 'name," + other +
             "', epochs: 40, lr: 0.02, hidden: '16', dropout: 0, batch_size: 16}\n"
             "resources: {type: cpu, flavor: cpu.1}\nseed: 7\n";
    };
    write_text(folder / "kinds.yaml", spec("kinds", "kind", "price"));
    write_text(folder / "prices.yaml", spec("prices", "price", "kind"));
    mat.succeed({"job", "create", "-f", "kinds.yaml"});
    mat.succeed({"job", "create", "-f", "prices.yaml"});
    // Columns in another order, and without what is not asked for.
    write_text(folder / "new.csv", "size;colour\n5;red\n95;\"a;b\"\n");
  }

  TemporaryFolder folder;
  MatProcess mat;
};

}  // namespace

TEST_CASE("what was trained on a table answers for rows, and is measured on them") {
  const Tables t;
  const auto lines = split(trim(t.mat.succeed({"predict", "kinds", "new.csv"}).out), '\n');
  REQUIRE(lines.size() == 2);
  CHECK(std::string(lines[0]).rfind("row 1  small ", 0) == 0);
  CHECK(std::string(lines[1]).rfind("row 2  large ", 0) == 0);
  CHECK(has(t.mat.succeed({"predict", "prices", "new.csv"}).out, "row 1  price "));

  const Json kinds = t.mat.succeed({"predict", "kinds@1", "new.csv", "--json"}).json();
  CHECK(kinds["model"] == "kinds@V0001");
  CHECK(kinds["target"] == "kind");
  CHECK(kinds["predictions"][1]["line"] == 3);
  CHECK(kinds["predictions"][1]["predicted"] == "large");
  CHECK(kinds["predictions"][1]["scores"].size() == 2);
  const Json prices = t.mat.succeed({"predict", "prices", "new.csv", "--json"}).json();
  CHECK(prices["predictions"][0]["predicted"].get<double>() == Approx(25.5).margin(25));
  CHECK(prices["predictions"][1]["predicted"].get<double>() == Approx(295.5).margin(40));

  // With the columns that were there, on stdin, to be read again.
  const Output csv = t.mat.run_in_shell("mat predict kinds - --csv <new.csv");
  CHECK(csv.exit_code == 0);
  const auto cells = split(trim(csv.out), '\n');
  REQUIRE(cells.size() == 3);
  CHECK(cells[0] == "size,colour,predicted_kind,score");
  CHECK(std::string(cells[2]).rfind("95,a;b,large,", 0) == 0);

  const Json measured = t.mat.succeed({"evaluate", "kinds", "things.csv", "--json"}).json();
  CHECK(measured["name"] == "E001");
  const Json rows = measured["rows"];
  CHECK(rows["evaluated"] == 120);
  CHECK(rows["learnt_from"].get<int>() > 60);
  CHECK(rows["learnt_from"].get<int>() + rows["validated_on"].get<int>() == 120);
  CHECK(measured["accuracy"].get<double>() > 0.9);
  const Output of_prices = t.mat.succeed({"evaluate", "prices", "things.csv", "--top", "1"});
  CHECK(has(of_prices.out, "rmse"));
  CHECK(has(of_prices.out, "largest errors"));
  CHECK(has(of_prices.err, "of 120 rows are the same as those that the model learnt from"));
  CHECK(has(t.mat.succeed({"evaluate", "prices"}).out, "RMSE"));
  CHECK(has(t.mat.succeed({"evaluate", "prices", "--show", "E001"}).out, "r2"));
}

TEST_CASE("what cannot be asked of a model for tables is told") {
  const Tables t;
  const auto error = [&](const std::vector<std::string>& words) {
    const Output said = t.mat.run(words);
    CHECK(said.exit_code == 2);
    CHECK(said.out.empty());
    return said.err;
  };
  write_text(t.folder / "other.csv", "width,height\n1,2\n");
  write_text(t.folder / "torn.csv", "size,colour\n1,2\n3\n");
  CHECK(has(error({"predict", "kinds", "other.csv"}), "'size'"));
  CHECK(has(error({"predict", "kinds", "torn.csv"}), "torn.csv:3"));
  CHECK(has(error({"predict", "kinds", "--dir", "."}), "one CSV file"));
  CHECK(has(error({"predict", "kinds", "new.csv", "things.csv"}), "one CSV file"));
  CHECK(has(error({"predict", "kinds", "new.csv", "--heatmap", "h"}), "--heatmap is for pictures"));
  CHECK(has(error({"predict", "kinds", "new.csv", "--precision", "bf16"}), "fp32"));
  CHECK(has(error({"evaluate", "kinds", "new.csv"}), "no column 'kind'"));
  CHECK(has(error({"evaluate", "kinds", "things.csv", "--part", "test"}), "--part"));
  CHECK(t.mat.run({"predict", "kinds", "none.csv"}).exit_code == 3);
}

TEST_CASE("a model that was trained on a table stays when its job is gone, and answers the same") {
  const Tables t;
  const auto columns = [](const Json& json) { return json["predictions"]; };
  for (const std::string& name : {std::string("kinds"), std::string("prices")}) {
    const std::string model = name + "-model";
    CHECK(has(t.mat.succeed({"model", "create", name, "--name", model}).out,
              name == "kinds" ? "tabular_mlp, 2 classes, accuracy" : "target price, rmse"));
    const Json of_version = t.mat.succeed({"predict", name, "things.csv", "--json"}).json();
    const Json measured = t.mat.succeed({"evaluate", name, "things.csv", "--json"}).json();
    for (const std::string format : {"safetensors", "torchscript", "onnx"}) {
      const Json wrote = t.mat
                             .succeed({"model", "export", model, "--format", format, "-o",
                                       name + format, "--json"})
                             .json();
      CHECK(wrote["rows"].get<int>() > 10);
      CHECK(wrote["largest_difference"].get<double>() <= 1e-4);
      const Json beside = parse_json(read_file(t.folder / (name + format + ".json")), "it");
      CHECK(beside["columns"][0]["name"] == "size");
      CHECK(beside["model"] == model + "@1.0.0");
    }
    t.mat.succeed({"job", "delete", name, "--yes"});
    const Json of_model =
        t.mat.succeed({"predict", model + "@1.0.0", "things.csv", "--json"}).json();
    CHECK(of_model["model"] == model + "@1.0.0");
    CHECK(columns(of_model) == columns(of_version));
    const Json again = t.mat.succeed({"evaluate", model, "things.csv", "--json"}).json();
    for (const char* metric : {"accuracy", "rmse", "r2", "worst"}) {
      CHECK(again.value(metric, Json()) == measured.value(metric, Json()));
    }
    const Json shown = t.mat.succeed({"model", "show", model, "--json"}).json();
    CHECK(shown["target"] == (name == "kinds" ? "kind" : "price"));
    CHECK(shown["columns"][0]["name"] == "size");
    CHECK(shown["validation"]["rows"].get<int>() > 10);
    CHECK(shown["origin"]["job"] == name);
    const std::string text = t.mat.succeed({"model", "show", model}).out;
    CHECK(has(text, "size (number)"));
    CHECK(has(text, "rows in "));
  }
  CHECK(has(t.mat.succeed({"model", "list"}).out, "tabular_mlp"));
  t.mat.succeed({"model", "alias", "kinds-model@1.0.0", "champion"});
  CHECK(has(t.mat.succeed({"predict", "kinds-model@champion", "new.csv"}).out, "row 1  small "));

  // What it is compared on has to be there, or something else.
  write_text(t.folder / "things.csv", "size\n1\n");
  const std::vector<std::string> wanted = {"model", "export", "kinds-model", "--format", "onnx"};
  const Output changed = t.mat.run(wanted);
  CHECK(changed.exit_code == 3);
  CHECK(has(changed.err, "has changed since"));
  CHECK_FALSE(std::filesystem::exists(t.folder / "kinds-model-1.0.0.onnx"));
  std::vector<std::string> on_others = wanted;
  on_others.insert(on_others.end(), {"--check-data", "new.csv"});
  CHECK(has(t.mat.succeed(on_others).out, "compared on 2 rows: the same class wins"));
  t.mat.succeed({"model", "delete", "kinds-model", "--yes"});
  CHECK(t.mat.run({"predict", "kinds-model", "new.csv"}).exit_code == 3);
}

TEST_CASE("what was trained on a table is served, and answers as it does without a service") {
  const Tables t;
  t.mat.succeed({"model", "create", "prices", "--name", "prices-model"});
  // What is served, by the service's name.
  const std::vector<std::pair<std::string, std::string>> served = {{"k", "kinds"},
                                                                   {"p", "prices-model"}};
  for (const auto& [name, source] : served) {
    const Json service = t.mat
                             .succeed({"service", "deploy", source, "--name", name, "--detach",
                                       "--auto-stop", "5m", "--json"})
                             .json();
    CHECK(service["facts"]["model"]["precision"] == "fp32");
    const Json expected = t.mat.succeed({"predict", source, "things.csv", "--json"}).json();
    const Json answered =
        t.mat.succeed({"service", "predict", name, "things.csv", "--json"}).json();
    CHECK(answered["model"] == expected["model"]);
    CHECK(answered["target"] == expected["target"]);
    REQUIRE(answered["predictions"].size() == 120);
    for (std::size_t i = 0; i < 120; ++i) {
      const Json& one = answered["predictions"][i];
      const Json& other = expected["predictions"][i];
      CHECK(one["line"] == other["line"]);
      if (name == "k") {
        CHECK(one["predicted"] == other["predicted"]);
      } else {
        CHECK(one["predicted"].get<double>() ==
              Approx(other["predicted"].get<double>()).epsilon(1e-5));
      }
    }
    CHECK(has(t.mat.run_in_shell("mat service predict " + name + " - <new.csv").out, "row 2  "));
    write_text(t.folder / "bad.csv", "size\n1\nlong\n");
    const Output bad = t.mat.run({"service", "predict", name, "bad.csv"});
    CHECK(bad.exit_code == 2);
    CHECK(bad.out.empty());
    CHECK(has(bad.err, "row 2: 'size' is a number, and not 'long'"));
    CHECK(t.mat.run({"service", "predict", name, "things.csv", "new.csv"}).exit_code == 2);
  }
  // From one kind of model to the other, while it runs.
  t.mat.succeed({"service", "update", "k", "prices-model"});
  CHECK(has(t.mat.succeed({"service", "predict", "k", "new.csv"}).out, "row 1  price "));
  CHECK(has(t.mat.run({"service", "deploy", "kinds", "--precision", "bf16"}).err, "fp32 only"));
  for (const auto& [name, source] : served) {
    t.mat.succeed({"service", "stop", name});
    t.mat.succeed({"service", "delete", name, "--yes"});
  }
}
