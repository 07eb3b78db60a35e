#include "trainers/answering/table_model.h"

#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/model/answer_rows.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/training/recording_observer.h"
#include "tests/trainers/training/small_tables.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

fs::path best_of(const TrainRequest& request) {
  return request.version_folder / "output" / "best.safetensors";
}

TableRequest opened_by(const fs::path& file, int threads) {
  TableRequest request;
  request.file = file;
  request.description = describe_table_weights(file);
  request.threads = threads;
  request.device = "cpu";
  return request;
}

// Of the rows that training has measured its best weights on: what it wrote, by the row's number.
std::map<std::size_t, Json> written_by(const TrainRequest& request) {
  std::map<std::size_t, Json> lines;
  for (const auto& line :
       split(trim(read_file(request.version_folder / "predictions.jsonl")), '\n')) {
    Json json = parse_json(std::string(line), "line");
    const std::string name = json.at("row");
    lines[static_cast<std::size_t>(parse_integer(name.substr(4)).value()) - 1] = std::move(json);
  }
  return lines;
}

// The same rows as training's validation takes them: all at once, in order.
std::vector<double> answers_for(const TrainRequest& request,
                                const std::map<std::size_t, Json>& lines) {
  const TableRequest opened = opened_by(best_of(request), request.threads);
  const auto model = torch_trainer().open_table_model(opened);
  const CsvTable table = CsvTable::read(request.inputs.at("data_url"), {});
  std::vector<std::size_t> rows;
  for (const auto& [row, line] : lines) rows.push_back(row);
  std::vector<double> answers;
  answer_rows(*model, opened.description, table, rows,
              [&](const std::vector<std::size_t>&, const std::vector<double>& part) {
                answers.insert(answers.end(), part.begin(), part.end());
              });
  return answers;
}

}  // namespace

TEST_CASE("A model for tables answers as its training did, to the last bit") {
  const TempFolder folder;
  put_file(folder / "table.csv", table(400));

  SECTION("classes, whatever layers it has") {
    const auto [hidden, dropout] = GENERATE(std::pair("16,8", 0.0), std::pair("16,8", 0.2),
                                            std::pair("12", 0.1), std::pair("9,7,5", 0.0));
    TrainRequest request = table_request(folder.path(), "inside", "distance");
    request.hyperparameters["epochs"] = 3;
    request.hyperparameters["hidden"] = hidden;
    request.hyperparameters["dropout"] = dropout;
    RecordingObserver observer;
    torch_trainer().train(request, observer);
    const auto lines = written_by(request);
    const std::vector<double> answers = answers_for(request, lines);
    REQUIRE(lines.size() > 50);
    REQUIRE(answers.size() == 2 * lines.size());
    std::size_t i = 0;
    for (const auto& [row, line] : lines) {
      CHECK(line.at("scores").at("no") == std::round(answers[i++] * 1e6) / 1e6);
      CHECK(line.at("scores").at("yes") == std::round(answers[i++] * 1e6) / 1e6);
    }
  }

  SECTION("numbers, in their own unit") {
    TrainRequest request = table_request(folder.path(), "distance", "inside");
    request.hyperparameters["epochs"] = 3;
    RecordingObserver observer;
    torch_trainer().train(request, observer);
    const auto lines = written_by(request);
    const std::vector<double> answers = answers_for(request, lines);
    REQUIRE(lines.size() > 50);
    REQUIRE(answers.size() == lines.size());
    std::size_t i = 0;
    for (const auto& [row, line] : lines) CHECK(line.at("predicted") == answers[i++]);
  }
}

TEST_CASE("Weights that do not fit what they say of themselves are refused") {
  const TempFolder folder;
  put_file(folder / "table.csv", table(200));
  TrainRequest request = table_request(folder.path(), "inside", "distance");
  request.hyperparameters["epochs"] = 1;
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  TableRequest opened = opened_by(best_of(request), 1);
  CHECK(torch_trainer().open_table_model(opened)->facts().at("device") == "cpu");

  opened.description.classes.emplace_back("perhaps");
  CHECK_THROWS_WITH(torch_trainer().open_table_model(opened),
                    Catch::Contains("do not fit what they say of themselves"));
  opened.description.classes.pop_back();
  opened.description.encoder = TableEncoder();
  CHECK_THROWS_AS(torch_trainer().open_table_model(opened), Error);
  opened.file = folder / "none.safetensors";
  CHECK_THROWS_AS(torch_trainer().open_table_model(opened), Error);
}

}  // namespace mat
