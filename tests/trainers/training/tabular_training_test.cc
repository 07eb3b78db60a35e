#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/training/recording_observer.h"
#include "tests/trainers/training/small_tables.h"
#include "trainers/models/weights_file.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

Json evaluation_of(const TrainRequest& request) {
  return parse_json(read_file(request.version_folder / "evaluation.json"), "evaluation.json");
}

std::vector<std::string> predictions_of(const TrainRequest& request) {
  return split(trim(read_file(request.version_folder / "predictions.jsonl")), '\n');
}

}  // namespace

TEST_CASE("A network learns to tell classes from numbers, words and gaps") {
  const TempFolder folder;
  put_file(folder / "table.csv", table(1500));
  const TrainRequest request = table_request(folder.path(), "inside", "distance");
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  const Json evaluation = evaluation_of(request);
  CHECK(evaluation.at("accuracy").get<double>() > 0.93);
  const auto lines = predictions_of(request);
  REQUIRE(lines.size() == evaluation.at("samples").get<std::size_t>());
  double right = 0;
  for (const std::string& line : lines) {
    const Json prediction = parse_json(line, "line");
    CHECK(prediction.at("row").get<std::string>().find("row") != std::string::npos);
    right += prediction.at("label") == prediction.at("predicted");
  }
  CHECK(right / static_cast<double>(lines.size()) ==
        Approx(evaluation.at("accuracy").get<double>()));
  CHECK(observer.metrics.count("accuracy") == 1);
  const Weights best = read_weights(request.version_folder / "output" / "best.safetensors");
  CHECK(best.metadata.at("classes") == R"(["no","yes"])");
  CHECK(!best.metadata.at("preprocessing").empty());
}

TEST_CASE("A network learns numbers and is measured in the table's own units") {
  const TempFolder folder;
  put_file(folder / "table.csv", table(1500));
  const TrainRequest request = table_request(folder.path(), "distance", "inside");
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  const Json evaluation = evaluation_of(request);
  CHECK(evaluation.at("r2").get<double>() > 0.9);
  // The targets spread by about 6.
  CHECK(evaluation.at("rmse").get<double>() < 2);
  CHECK(evaluation.at("mae").get<double>() <= evaluation.at("rmse").get<double>());
  double squares = 0;
  const auto lines = predictions_of(request);
  for (const std::string& line : lines) {
    const Json prediction = parse_json(line, "line");
    CHECK(prediction.at("target").get<double>() > 99);
    squares += std::pow(
        prediction.at("target").get<double>() - prediction.at("predicted").get<double>(), 2);
  }
  CHECK(std::sqrt(squares / static_cast<double>(lines.size())) ==
        Approx(evaluation.at("rmse").get<double>()).epsilon(1e-3));
  CHECK(observer.last("rmse") > 0);
}

TEST_CASE("The same table and seed give the same weights bit for bit") {
  const TempFolder folder;
  put_file(folder / "table.csv", table(300));
  TrainRequest request = table_request(folder.path(), "inside", "distance");
  request.hyperparameters["epochs"] = 3;
  request.threads = 2;
  std::vector<std::string> files;
  for (int i = 0; i < 2; ++i) {
    RecordingObserver observer;
    torch_trainer().train(request, observer);
    files.push_back(read_file(request.version_folder / "output" / "last.safetensors"));
  }
  CHECK((files[0] == files[1]));
}

TEST_CASE("A metric that does not fit the table's task is refused before training") {
  const TempFolder folder;
  put_file(folder / "table.csv", table(300));
  TrainRequest request = table_request(folder.path(), "distance", "inside");
  request.hyperparameters["best_metric"] = "accuracy";
  RecordingObserver observer;
  CHECK_THROWS_WITH(torch_trainer().train(request, observer),
                    "best_metric accuracy does not fit a regression");
  CHECK(observer.metrics.empty());
}

}  // namespace mat
