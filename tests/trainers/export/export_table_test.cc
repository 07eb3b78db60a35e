#include "trainers/export/export_table.h"

#include <limits>
#include <map>
#include <numeric>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/run_python.h"
#include "tests/temp_folder.h"
#include "tests/test_files.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/training/recording_observer.h"
#include "tests/trainers/training/small_tables.h"
#include "trainers/answering/table_model.h"
#include "trainers/models/weights_file.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// By format, what it is called in a file's name.
const std::map<std::string, std::string> kExtensions = {
    {"torchscript", ".pt"}, {"onnx", ".onnx"}, {"safetensors", ".safetensors"}};

// With what is missing, unknown, infinite and far away.
CsvTable asked_rows(int count) {
  return CsvTable::parse(table(count) + "1,2,other,,\n,,,,\ninf,-inf,near,,\n30,-30,far,,\n",
                         "rows.csv", {});
}

TableRequest trained(const fs::path& folder, const std::string& target, const std::string& ignored,
                     double dropout) {
  put_file(folder / "table.csv", table(300));
  TrainRequest request = table_request(folder, target, ignored);
  request.hyperparameters["epochs"] = 3;
  request.hyperparameters["hidden"] = "16,8";
  request.hyperparameters["dropout"] = dropout;
  RecordingObserver observer;
  torch_trainer().train(request, observer);
  TableRequest model;
  model.file = request.version_folder / "output" / "best.safetensors";
  model.description = describe_table_weights(model.file);
  model.threads = 1;
  model.device = "cpu";
  return model;
}

TableExportRequest table_export(const TableRequest& model, const std::string& format,
                                const fs::path& out) {
  const CsvTable rows = asked_rows(9000);
  std::vector<std::size_t> all(rows.rows());
  std::iota(all.begin(), all.end(), std::size_t{0});
  TableExportRequest request;
  request.model = model;
  request.format = format;
  request.out = out;
  request.inputs = model.description.encoder.encode(rows, all);
  request.numbers = model.description.encoder.numbers(rows, all);
  return request;
}

// What the scripts beside this file compare with.
void write_table_expectations(const TableRequest& model, const fs::path& file) {
  TableExportRequest request = table_export(model, "", "");
  const auto columns = static_cast<std::int64_t>(model.description.encoder.columns().size());
  const auto inputs = static_cast<std::int64_t>(model.description.encoder.inputs());
  const torch::NoGradGuard no_grad;
  Weights expected;
  expected.tensors["rows"] = torch::tensor(request.numbers, torch::kDouble).view({-1, columns});
  const torch::Tensor encoded = torch::tensor(request.inputs).view({-1, inputs});
  const std::vector<double> answers = open_torch_table(model)->answer(request.inputs);
  const torch::Tensor answered = torch::tensor(answers, torch::kDouble);
  if (model.description.is_regression()) {
    expected.tensors["value"] = answered.view({-1, 1});
  } else {
    expected.tensors["logits"] = open_tabular_network(model)->forward(encoded);
    expected.tensors["probabilities"] = answered.view({-1, 2});
  }
  save_weights(expected, file);
}

std::string message_of(const TableExportRequest& request) {
  try {
    torch_trainer().export_table_model(request);
  } catch (const Error& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a network for tables is exported in every format, and answers the same without mat") {
  const TempFolder folder;
  const std::map<std::string, TableRequest> models = {
      {"classes", trained(folder.path(), "inside", "distance", 0)},
      {"values", trained(folder.path(), "distance", "inside", 0.2)}};
  for (const auto& [name, model] : models) {
    REQUIRE(model.description.encoder.inputs() == 5);
    for (const auto& [format, extension] : kExtensions) {
      CAPTURE(name, format);
      const fs::path out = folder / (name + extension);
      const ExportOutcome outcome =
          torch_trainer().export_table_model(table_export(model, format, out));
      CHECK(outcome.inputs == 9004);
      CHECK(outcome.largest_difference < 1e-4);
      CHECK(fs::file_size(out) > 1000);
    }
    // What was written as safetensors is the model itself.
    TableRequest again = model;
    again.file = folder / (name + ".safetensors");
    again.description = describe_table_weights(again.file);
    const TableExportRequest asked = table_export(model, "", "");
    CHECK(open_torch_table(again)->answer(asked.inputs) ==
          open_torch_table(model)->answer(asked.inputs));
    write_table_expectations(model, folder / (name + ".expected.safetensors"));
  }
  const std::vector<std::string> words = {folder.path().string(), "classes", "values"};
  for (const auto& [script, variable] : std::vector<std::pair<const char*, const char*>>{
           {"load_table_torchscript.py", "MAT_TORCH_PYTHON"},
           {"check_onnx.py", "MAT_ONNX_PYTHON"},
           {"run_onnx.py", "MAT_ONNXRUNTIME_PYTHON"}}) {
    run_python(std::string("trainers/export/") + script, words, variable, "/usr/bin/python3");
  }
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    CHECK(entry.path().extension() != ".unchecked");
  }
}

TEST_CASE("an export of a network for tables whose answers differ is refused by the row") {
  const TempFolder folder;
  const TableRequest model = trained(folder.path(), "inside", "distance", 0);
  put_file(folder / "out", "before");
  for (const auto& [format, extension] : kExtensions) {
    CAPTURE(format);
    TableExportRequest request = table_export(model, format, folder / "out");
    // Another row than the model is asked about.
    request.numbers[3 * 8500] += 5;
    request.inputs[5 * 8500] += format == "safetensors" ? NAN : 0;
    const std::string message = message_of(request);
    CHECK_THAT(message, Catch::Contains("does not answer as the model does") &&
                            Catch::Contains("(row 8501)"));
    CHECK(read_file(folder / "out") == "before");
  }
  TableExportRequest none = table_export(model, "onnx", folder / "out");
  none.inputs.clear();
  CHECK_THAT(message_of(none), Catch::Contains("no rows"));
  CHECK_THAT(message_of(table_export(model, "keras", folder / "out")),
             Catch::Contains("no format 'keras'"));
}

}  // namespace mat
