#include "trainers/data/tabular_data.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/table/csv_table.h"
#include "tests/temp_folder.h"
#include "tests/trainers/catch.h"
#include "trainers/models/network.h"

namespace mat {
namespace {

Json hyperparameters(const std::string& target, const Json& others = Json::object()) {
  Json all = {{"target", target},
              {"task", "auto"},
              {"delimiter", ","},
              {"ignore_columns", ""},
              {"validation_ratio", 0.2}};
  all.update(others);
  return all;
}

// Which flower: tells from the size alone, with a column of noise and some holes.
std::string flowers(int rows, std::uint64_t seed = 1) {
  torch::manual_seed(seed);
  std::string text = "id,size,colour,price,kind\n";
  for (int i = 0; i < rows; ++i) {
    const int kind = i % 3;
    const double size = kind * 2 + torch::rand({1}).item<double>();
    text += fmt::format("f{},{},{},{},{}\n", i, i % 17 == 0 ? "NA" : fmt::format("{}", size),
                        i % 2 == 0 ? "red" : "\"bl,ue\"", 100 + 3 * size,
                        kind == 0   ? "rose"
                        : kind == 1 ? "lily"
                                    : "iris");
  }
  return text;
}

std::string complaint(const std::filesystem::path& data, const Json& settings,
                      ErrorKind kind = ErrorKind::usage) {
  try {
    read_tabular(data, settings, 0);
  } catch (const Error& error) {
    REQUIRE(error.kind() == kind);
    return error.message() + " / " + error.hint();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a file becomes inputs, targets, names and a description") {
  const TempFolder folder;
  write_file_atomic(folder / "t.csv", flowers(210));
  const auto data =
      read_tabular(folder / "t.csv", hyperparameters("kind", {{"ignore_columns", "price"}}), 3);
  CHECK(data.classes == std::vector<std::string>{"iris", "lily", "rose"});
  CHECK_FALSE(data.is_regression());
  CHECK(data.train_inputs.sizes() == torch::IntArrayRef({168, 4}));
  CHECK(data.validation_inputs.sizes() == torch::IntArrayRef({42, 4}));
  CHECK(data.train_targets.scalar_type() == torch::kInt64);
  CHECK(data.validation_targets.sizes() == torch::IntArrayRef({42}));
  CHECK(data.train_inputs.isfinite().all().item<bool>());
  CHECK(data.train_inputs.select(1, 0).mean().item<double>() == Approx(0).margin(1e-5));
  REQUIRE(data.validation_names.size() == 42);
  CHECK(data.validation_names[0].rfind("row ", 0) == 0);
  CHECK(data.description["train"] == 168);
  CHECK(data.description["validation"] == 42);
  CHECK(data.description["columns"] == Json({"size", "colour"}));
  CHECK(data.description["left_out_columns"] ==
        Json({{"id", "another text in every row"}, {"price", "ignore_columns"}}));
  CHECK(data.preprocessing["classes"] == Json({"iris", "lily", "rose"}));
  CHECK(data.preprocessing["columns"].size() == 2);
}

TEST_CASE("a regression is standardized and knows its unit") {
  const TempFolder folder;
  write_file_atomic(folder / "t.csv", flowers(210));
  const auto data = read_tabular(folder / "t.csv", hyperparameters("price"), 3);
  CHECK(data.is_regression());
  CHECK(data.train_targets.sizes() == torch::IntArrayRef({170, 1}));
  CHECK(data.train_targets.mean().item<double>() == Approx(0).margin(1e-5));
  CHECK(data.train_targets.std(0, false).item<double>() == Approx(1).margin(1e-4));
  const auto row = std::stoul(data.validation_names[0].substr(4));
  const auto table = CsvTable::read(folder / "t.csv", {});
  const double price = std::stod(std::string(table.cell(row - 1, 3)));
  CHECK(data.validation_targets[0].item<double>() * data.target_deviation + data.target_mean ==
        Approx(price).epsilon(1e-5));
}

TEST_CASE("a folder's val.csv is the validation part") {
  const TempFolder folder;
  write_file_atomic(folder / "train.csv", flowers(90, 1));
  write_file_atomic(folder / "val.csv", flowers(30, 2));
  const auto data = read_tabular(folder.path(), hyperparameters("kind"), 3);
  CHECK(data.train_inputs.size(0) == 90);
  CHECK(data.validation_inputs.size(0) == 30);
  CHECK(data.validation_names[29] == "val row 30");
}

TEST_CASE("a folder without val.csv is split like a file, by the seed") {
  const TempFolder folder;
  write_file_atomic(folder / "train.csv", flowers(90));
  const auto one = read_tabular(folder.path(), hyperparameters("kind"), 3);
  const auto file = read_tabular(folder / "train.csv", hyperparameters("kind"), 3);
  const auto other = read_tabular(folder.path(), hyperparameters("kind"), 4);
  CHECK(one.validation_names == file.validation_names);
  CHECK(torch::equal(one.train_inputs, file.train_inputs));
  CHECK(one.validation_names != other.validation_names);
}

TEST_CASE("rows without a target are left out and counted") {
  const TempFolder folder;
  write_file_atomic(folder / "t.csv", "x,y\n1,a\n2,\n3,b\n4,a\n5,b\n6,NA\n");
  const auto data = read_tabular(folder / "t.csv", hyperparameters("y"), 0);
  CHECK(data.description["without_target"] == 2);
  CHECK(data.train_inputs.size(0) + data.validation_inputs.size(0) == 4);
}

TEST_CASE("tabs and semicolons are delimiters on request") {
  const TempFolder folder;
  write_file_atomic(folder / "t.csv", "x\ty\n1\ta\n2\tb\n3\ta\n4\tb\n");
  CHECK(read_tabular(folder / "t.csv", hyperparameters("y", {{"delimiter", "tab"}}), 0)
            .classes.size() == 2);
  CHECK(has(complaint(folder / "t.csv", hyperparameters("y", {{"delimiter", ";"}})), "delimiter"));
}

TEST_CASE("data that cannot be used is refused with the reason") {
  const TempFolder folder;
  CHECK(has(complaint(folder / "none.csv", hyperparameters("y"), ErrorKind::not_found), "no file"));
  CHECK(has(complaint(folder.path(), hyperparameters("y")), "no train.csv"));
  write_file_atomic(folder / "t.csv", "x,y\n1,a\n2,b\n3\n");
  CHECK(has(complaint(folder / "t.csv", hyperparameters("y")), "t.csv:4"));
  write_file_atomic(folder / "t.csv", "x,y\n1,a\n2,b\n3,a\n");
  CHECK(has(complaint(folder / "t.csv", hyperparameters("z")), "no column 'z'"));
  CHECK(has(complaint(folder / "t.csv", hyperparameters("y", {{"ignore_columns", "w"}})), "'w'"));
  CHECK(has(complaint(folder / "t.csv", hyperparameters("y", {{"ignore_columns", "x,y"}})),
            "cannot be ignored"));
  CHECK(has(complaint(folder / "t.csv", hyperparameters("y", {{"ignore_columns", "x"}})),
            "no column to learn from"));
  write_file_atomic(folder / "t.csv", "x,y\n1,a\n2,b\n");
  CHECK(has(complaint(folder / "t.csv", hyperparameters("y")), "too few rows"));
  write_file_atomic(folder / "train.csv", "x,y\n1,a\n2,b\n3,a\n");
  write_file_atomic(folder / "val.csv", "x,y\n1,c\n");
  CHECK(has(complaint(folder.path(), hyperparameters("y")), "val.csv:2: the class 'c'"));
}

TEST_CASE("a perceptron learns kinds and prices from a table") {
  const TempFolder folder;
  write_file_atomic(folder / "t.csv", flowers(300));
  for (const std::string target : {"kind", "price"}) {
    CAPTURE(target);
    const auto data = read_tabular(folder / "t.csv", hyperparameters(target), 3);
    torch::manual_seed(1);
    const auto network =
        make_tabular_network(static_cast<int>(data.train_inputs.size(1)), {32, 16}, 0.1,
                             data.is_regression() ? 1 : static_cast<int>(data.classes.size()));
    torch::optim::Adam optimizer(network->parameters(), torch::optim::AdamOptions(0.01));
    for (int step = 0; step < 150; ++step) {
      optimizer.zero_grad();
      const auto outputs = network->forward(data.train_inputs);
      auto loss = data.is_regression()
                      ? torch::mse_loss(outputs, data.train_targets)
                      : torch::nn::functional::cross_entropy(outputs, data.train_targets);
      loss.backward();
      optimizer.step();
    }
    network->eval();
    const torch::NoGradGuard no_grad;
    const auto outputs = network->forward(data.validation_inputs);
    if (data.is_regression()) {
      CHECK(torch::mse_loss(outputs, data.validation_targets).item<double>() < 0.15);
    } else {
      const auto right = outputs.argmax(1).eq(data.validation_targets).to(torch::kFloat32);
      CHECK(right.mean().item<double>() > 0.9);
    }
  }
}

}  // namespace
}  // namespace mat
