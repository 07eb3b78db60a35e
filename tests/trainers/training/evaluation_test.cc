#include "trainers/training/evaluation.h"

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"
#include "tests/trainers/catch.h"
#include "trainers/training/losses.h"

namespace mat {

TEST_CASE("An evaluation of classes has scores that sum to one and the report's metrics") {
  const torch::Tensor logits = torch::tensor({{2.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 0.0F}});
  const torch::Tensor targets = torch::tensor({0, 1, 1}, torch::kLong);
  const Evaluation evaluation = evaluate_classes(logits, targets, 0.5, {"cat", "dog"});
  CHECK(torch::allclose(evaluation.scores.sum(1), torch::ones({3})));
  CHECK(evaluation.summary.at("accuracy").get<double>() == Approx(2.0 / 3));
  CHECK(evaluation.summary.at("loss").get<double>() == 0.5);
  CHECK(evaluation.metrics.at(1).first == "accuracy");
  CHECK(evaluation.metrics.at(1).second == Approx(2.0 / 3));
}

TEST_CASE("Predictions are written one a line with every class's score") {
  const TempFolder folder;
  const Evaluation evaluation =
      evaluate_classes(torch::tensor({{0.0F, 3.0F}, {1.0F, 1.0F}}),
                       torch::tensor({0, 1}, torch::kLong), 1, {"cat", "a \"dog\""});
  write_evaluation(evaluation, folder.path(), "file", {"cat/1.jpg", "b\xff.png"},
                   {"cat", "a \"dog\""});
  const auto lines = split(trim(read_file(folder / "predictions.jsonl")), '\n');
  REQUIRE(lines.size() == 2);
  const Json first = parse_json(lines[0], "line");
  CHECK(first.at("file") == "cat/1.jpg");
  CHECK(first.at("label") == "cat");
  CHECK(first.at("predicted") == "a \"dog\"");
  CHECK(first.at("scores").at("cat").get<double>() == Approx(1 / (1 + std::exp(3))).margin(1e-5));
  // Of equal scores the first class is the prediction, here as in the report.
  CHECK(parse_json(lines[1], "line").at("predicted") == "cat");
  CHECK(parse_json(read_file(folder / "evaluation.json"), "json").at("accuracy") == 0.0);
}

TEST_CASE("An evaluation of values has the usual errors") {
  const torch::Tensor targets = torch::tensor({1.0F, 2.0F, 3.0F, 4.0F});
  const torch::Tensor values = torch::tensor({1.0F, 2.0F, 3.0F, 6.0F});
  const Evaluation evaluation = evaluate_values(values, targets, 0.25);
  CHECK(evaluation.summary.at("rmse").get<double>() == Approx(1));
  CHECK(evaluation.summary.at("mae").get<double>() == Approx(0.5));
  CHECK(evaluation.summary.at("r2").get<double>() == Approx(1 - 4.0 / 5));
  CHECK(evaluation.summary.at("samples") == 4);
}

TEST_CASE("Values that are all equal have an r2 of zero, not NaN") {
  const torch::Tensor targets = torch::ones({3});
  CHECK(evaluate_values(targets + 1, targets, 1).summary.at("r2") == 0.0);
}

TEST_CASE("Balanced class weights make every class count the same") {
  const Json hyperparameters{{"label_smoothing", 0.0}, {"class_weights", "balanced"}};
  const ClassLoss loss({0, 0, 0, 1}, 2, hyperparameters, torch::kCPU);
  const torch::Tensor logits =
      torch::tensor({{1.0F, 0.0F}, {1.0F, 0.0F}, {1.0F, 0.0F}, {1.0F, 0.0F}});
  const torch::Tensor targets = torch::tensor({0, 0, 0, 1}, torch::kLong);
  const double of_first = std::log(1 + std::exp(-1)), of_second = std::log(1 + std::exp(1));
  CHECK(loss.training(logits, targets).item<double>() == Approx((of_first + of_second) / 2));
}

TEST_CASE("The loss of validation is neither smoothed nor weighted") {
  const torch::Tensor logits = torch::tensor({{1.0F, 0.0F}});
  const torch::Tensor target = torch::tensor({0}, torch::kLong);
  CHECK(ClassLoss::plain(logits, target) == Approx(std::log(1 + std::exp(-1))));
  const ClassLoss smoothed({0, 1}, 2, {{"label_smoothing", 0.2}, {"class_weights", "none"}},
                           torch::kCPU);
  CHECK(smoothed.training(logits, target).item<double>() > ClassLoss::plain(logits, target));
}

}  // namespace mat
