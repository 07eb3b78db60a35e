#include "trainers/export/export_model.h"

#include <torch/script.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/run_python.h"
#include "tests/test_files.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/export/saved_models.h"
#include "trainers/answering/opened_model.h"
#include "trainers/answering/torch_model.h"
#include "trainers/answering/view_inputs.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kFormats = {"torchscript", "onnx", "safetensors"};

std::string extension(const std::string& format) {
  return format == "torchscript" ? ".pt" : "." + format;
}

const std::vector<Image>& pictures() {
  static const std::vector<Image> images = {
      noise_picture(50, 37, 1),  noise_picture(130, 200, 2), noise_picture(233, 100, 3),
      noise_picture(40, 40, 4),  noise_picture(31, 90, 5),   noise_picture(1, 1, 6),
      noise_picture(700, 61, 7),
  };
  return images;
}

ExportRequest export_of(const ModelRequest& model, const std::string& format, const fs::path& out) {
  ExportRequest request;
  request.model = model;
  request.format = format;
  request.out = out;
  // As pictures come: shrunk.
  static std::vector<Image> shrunk;
  shrunk.clear();
  for (const Image& image : pictures()) {
    shrunk.push_back(shrink_to_short_side(image, model.description.preprocessing.short_side));
  }
  for (const Image& image : shrunk) request.pictures.emplace_back(image);
  return request;
}

torch::Tensor tensor_of(const Image& image) {
  return torch::tensor(image.pixels).view({image.height, image.width, 3});
}

torch::Tensor tensor_of(const std::vector<float>& values) { return torch::tensor(values); }

// What the scripts beside this file compare with.
void write_expectations(const ModelRequest& request, const fs::path& file) {
  Weights expected;
  expected.metadata["classes"] = join(request.description.classes, ",");
  const auto opened = open_model_file(request);
  const auto model = open_torch_model(request);
  const ViewInputs inputs(request.description.preprocessing);
  std::vector<torch::Tensor> all;
  for (std::size_t i = 0; i < pictures().size(); ++i) {
    const std::string number = std::to_string(i);
    const Image shrunk =
        shrink_to_short_side(pictures()[i], request.description.preprocessing.short_side);
    std::vector<torch::Tensor> views;
    for (int view = 0; view < inputs.views(); ++view) views.push_back(inputs.of({shrunk}, view));
    all.push_back(views.front());
    expected.tensors["picture-" + number] = tensor_of(pictures()[i]);
    expected.tensors["looks-" + number] = torch::cat(views);
    expected.tensors["probabilities-" + number] = tensor_of(model->answer({shrunk}));
  }
  const torch::Tensor bytes = torch::cat(all);
  expected.tensors["logits"] = opened->logits(bytes);
  expected.tensors["colours"] = bytes.permute({0, 3, 1, 2}).to(torch::kFloat).contiguous() / 255;
  save_weights(expected, file);
}

std::string message_of(const ExportRequest& request) {
  try {
    torch_trainer().export_model(request);
  } catch (const Error& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "no error";
}

}  // namespace

TEST_CASE("every network is exported in every format, and answers the same without mat") {
  const TempFolder folder;
  for (const std::string& name : all_networks()) {
    const ModelRequest model = saved_model(name, folder);
    for (const std::string& format : kFormats) {
      CAPTURE(name, format);
      const fs::path out = folder / (name + extension(format));
      const ExportOutcome outcome = torch_trainer().export_model(export_of(model, format, out));
      CHECK(outcome.inputs == static_cast<std::int64_t>(pictures().size()) * 10);
      CHECK(outcome.largest_difference < 1e-5);
      CHECK(fs::file_size(out) > 1000);
    }
    write_expectations(model, folder / (name + ".expected.safetensors"));
  }
  std::vector<std::string> words = {folder.path().string()};
  words.insert(words.end(), all_networks().begin(), all_networks().end());
  for (const auto& [script, variable] : std::vector<std::pair<const char*, const char*>>{
           {"load_torchscript.py", "MAT_TORCH_PYTHON"},
           {"check_onnx.py", "MAT_ONNX_PYTHON"},
           {"run_onnx.py", "MAT_ONNXRUNTIME_PYTHON"}}) {
    run_python(std::string("trainers/export/") + script, words, variable, "/usr/bin/python3");
  }
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    CHECK(entry.path().extension() != ".unchecked");
  }
}

TEST_CASE("an exported file tells all of itself and answers when it is opened") {
  const TempFolder folder;
  const ModelRequest model = saved_model("mobilenet_v3_small", folder);
  const Image picture = noise_picture(60, 44, 9);
  const std::vector<float> expected = open_torch_model(model)->answer({picture});
  for (const std::string format : {"torchscript", "safetensors"}) {
    CAPTURE(format);
    const fs::path out = folder / ("model" + extension(format));
    torch_trainer().export_model(export_of(model, format, out));
    const Json json = torch_trainer().describe_file(out);
    ModelRequest again = model;
    again.file = out;
    again.description = model_description_from_json(json, "it");
    CHECK(again.description.classes == model.description.classes);
    CHECK(again.description.temperature == model.description.temperature);
    CHECK(again.description.preprocessing.views == model.description.preprocessing.views);
    CHECK(again.description.preprocessing.short_side == 80);
    CHECK(again.description.preprocessing.mirrored);
    const std::vector<float> answer = torch_trainer().open_model(again)->answer({picture});
    REQUIRE(answer.size() == expected.size());
    for (std::size_t i = 0; i < answer.size(); ++i) {
      CHECK(answer[i] == Approx(expected[i]).margin(1e-6));
    }
    // And it can be exported once more.
    CHECK(torch_trainer()
              .export_model(export_of(again, format, folder / "again"))
              .largest_difference < 1e-5);
  }
}

TEST_CASE("what a program predicts of a network that is very sure is what the model answers") {
  const TempFolder folder;
  ModelRequest model = saved_model("small_cnn", folder);
  Weights weights = read_weights(model.file);
  weights.tensors["fc.weight"] *= 200;
  save_weights(weights, model.file);
  for (const double temperature : {2.0, 3.0}) {
    CAPTURE(temperature);
    model.description.temperature = temperature;
    const fs::path out = folder / "model.pt";
    const ExportRequest request = export_of(model, "torchscript", out);
    torch_trainer().export_model(request);
    torch::jit::Module program = torch::jit::load(out.string());
    const auto opened = open_torch_model(model);
    float smallest = 1;
    for (const Image& picture : pictures()) {
      const Image shrunk =
          shrink_to_short_side(picture, model.description.preprocessing.short_side);
      const std::vector<float> answer = opened->answer({shrunk});
      const torch::Tensor expected = tensor_of(answer);
      const torch::Tensor given = program.run_method("predict", tensor_of(picture)).toTensor();
      CHECK((given - expected).abs().max().item<float>() < 1e-5);
      // Also those that are nearly nothing.
      CHECK(torch::allclose(given.log(), expected.log(), 1e-3, 1e-3));
      smallest = std::min(smallest, *std::min_element(answer.begin(), answer.end()));
    }
    CHECK(smallest < 1e-4);
  }
}

TEST_CASE("an export that cannot be checked, or is not known, is refused and leaves nothing") {
  const TempFolder folder;
  const ModelRequest model = saved_model("small_cnn", folder);
  const fs::path out = folder / "out";
  ExportRequest request = export_of(model, "onnx", out);
  request.pictures.clear();
  CHECK_THAT(message_of(request), Catch::Contains("no pictures"));
  CHECK_THAT(message_of(export_of(model, "keras", out)), Catch::Contains("no format 'keras'"));
  CHECK_THAT(message_of(export_of(model, "onnx", folder / "nowhere" / "out")),
             Catch::Contains("cannot write"));
  ModelRequest absent = model;
  absent.file = folder / "absent";
  CHECK_THAT(message_of(export_of(absent, "onnx", out)), Catch::Contains("there is no file"));
  CHECK_FALSE(fs::exists(out));

  torch_trainer().export_model(export_of(model, "torchscript", folder / "a.pt"));
  ModelRequest program = model;
  program.file = folder / "a.pt";
  program.description =
      model_description_from_json(torch_trainer().describe_file(folder / "a.pt"), "it");
  CHECK_THAT(message_of(export_of(program, "onnx", out)),
             Catch::Contains("a TorchScript program cannot be written as onnx"));
  CHECK_FALSE(fs::exists(out));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 2);
}

TEST_CASE("an export whose answers differ is refused by the picture and the difference") {
  const TempFolder folder;
  // A weight that is not a number makes answers that nothing equals.
  ModelRequest model = saved_model("small_cnn", folder);
  Weights weights = read_weights(model.file);
  weights.tensors["fc.bias"][1] = std::numeric_limits<float>::quiet_NaN();
  save_weights(weights, model.file);
  put_file(folder / "out", "before");
  const std::string message = message_of(export_of(model, "onnx", folder / "out"));
  CHECK_THAT(message, Catch::Contains("does not answer as the model does") &&
                          Catch::Contains("a logit is not a number") &&
                          Catch::Contains("picture 1"));
  CHECK(read_file(folder / "out") == "before");
}

}  // namespace mat
