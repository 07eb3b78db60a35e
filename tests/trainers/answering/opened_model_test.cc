#include "trainers/answering/opened_model.h"

#include <torch/script.h>

#include <fstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/test_files.h"
#include "tests/trainers/catch.h"
#include "tests/trainers/export/saved_models.h"
#include "trainers/export/export_model.h"
#include "trainers/training/torch_trainer.h"

namespace mat {
namespace {

// Means over the picture of red, green and blue, as another's program may have it.
void save_program(const std::filesystem::path& file, const std::string& body) {
  torch::jit::Module program("__torch__.Other");
  program.define("def forward(self, x):\n" + body);
  program.save(file.string());
}

ModelRequest program_request(const std::filesystem::path& file, const TempFolder& folder) {
  ModelRequest request;
  request.description = description_for(kTorchScript, 16);
  request.description.preprocessing.mean = {0, 0, 0};
  request.description.preprocessing.deviation = {1, 1, 1};
  request.description.temperature = 1;
  request.file = file;
  request.cache_folder = folder.path();
  request.device = "cpu";
  return request;
}

std::string refusal(const ModelRequest& request) {
  try {
    torch_trainer().open_model(request);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

Image filled(int width, int height, std::uint32_t color) {
  Image image;
  image.width = width;
  image.height = height;
  for (int i = 0; i < width * height; ++i) {
    for (const int shift : {16, 8, 0}) image.pixels.push_back(color >> shift & 0xff);
  }
  return image;
}

}  // namespace

TEST_CASE("a TorchScript program of another's making answers") {
  const TempFolder folder;
  save_program(folder / "means.pt", "    return x.mean([2, 3]) * 10.0\n");
  const auto model = torch_trainer().open_model(program_request(folder / "means.pt", folder));
  const Image red = filled(20, 30, 0xff0000), blue = filled(9, 9, 0x0000ff);
  const std::vector<float> answer = model->answer({red, blue});
  REQUIRE(answer.size() == 6);
  CHECK(answer[0] > 0.99);
  CHECK(answer[5] > 0.99);
  CHECK(model->heatmap(red, 0).values.size() == 100);
  CHECK(torch_trainer().describe_file(folder / "means.pt") == Json({{"network", kTorchScript}}));
}

TEST_CASE(
    "what is no program, or not one for these pictures and classes, is refused by its fault") {
  const TempFolder folder;
  const auto open = [&](const char* name) {
    return refusal(program_request(folder / name, folder));
  };
  save_program(folder / "four.pt", "    return torch.cat([x, x], 1).mean([2, 3])\n");
  CHECK_THAT(open("four.pt"), Catch::Contains("gives 6 numbers") && Catch::Contains("3 classes"));
  save_program(folder / "maps.pt", "    return x\n");
  CHECK_THAT(open("maps.pt"), Catch::Contains("does not give float [N, classes]"));
  save_program(folder / "pair.pt", "    return (x, x)\n");
  CHECK_THAT(open("pair.pt"), Catch::Contains("does not give float [N, classes]"));
  save_program(folder / "fails.pt", "    return x.view([7, 7])\n");
  CHECK_THAT(open("fails.pt"), Catch::Contains("failed on float [1, 3, 16, 16]"));
  CHECK_THAT(open("absent.pt"), Catch::Contains("there is no file"));
  put_file(folder / "text.pt", "no program");
  CHECK_THAT(open("text.pt"), Catch::Contains("not a TorchScript program"));
  put_file(folder / "zip.pt", std::string("PK\x03\x04") + std::string(3000, 'x'));
  CHECK_THAT(open("zip.pt"), Catch::Contains("not a TorchScript program"));
  std::filesystem::create_directory(folder / "folder.pt");
  CHECK_THAT(open("folder.pt"), Catch::Contains("not a regular file"));

  const std::string whole = read_file(folder / "four.pt");
  for (const std::size_t size : {std::size_t{5}, whole.size() / 4, whole.size() / 2,
                                 whole.size() * 3 / 4, whole.size() - 1}) {
    CAPTURE(size, whole.size());
    put_file(folder / "torn.pt", whole.substr(0, size));
    CHECK_THAT(open("torn.pt"), Catch::Contains("not a TorchScript program"));
  }
}

TEST_CASE("a program that names its classes and sizes needs nobody to tell them") {
  const TempFolder folder;
  torch::jit::Module program("__torch__.Other");
  c10::List<std::string> classes;
  for (const char* name : {"a", "b", "c"}) classes.push_back(name);
  program.register_attribute("classes", c10::ListType::ofStrings(), classes);
  program.register_attribute("image_size", c10::IntType::get(), 24);
  c10::List<double> mean;
  for (int i = 0; i < 3; ++i) mean.push_back(0.5);
  program.register_attribute("mean", c10::ListType::ofFloats(), mean);
  // Of another type than it should have: as if it were not there.
  program.register_attribute("views", c10::IntType::get(), 3);
  program.define("def forward(self, x):\n    return x.mean([2, 3])\n");
  program.save((folder / "own.pt").string());
  const ModelDescription description =
      model_description_from_json(torch_trainer().describe_file(folder / "own.pt"), "it");
  CHECK(description.network == kTorchScript);
  CHECK(description.classes == std::vector<std::string>{"a", "b", "c"});
  CHECK(description.preprocessing.image_size == 24);
  CHECK(description.preprocessing.mean == std::vector<double>{0.5, 0.5, 0.5});
  CHECK(description.preprocessing.deviation == std::vector<double>{1, 1, 1});
}

TEST_CASE("weights of others tell their network, by timm's keys too") {
  const TempFolder folder;
  const ModelRequest model = saved_model("resnet18_w8", folder);
  CHECK(torch_trainer().describe_file(model.file) == Json({{"network", "resnet18_w8"}}));
  Weights other;
  other.tensors["encoder.weight"] = torch::zeros({2});
  save_weights(other, folder / "other.safetensors");
  CHECK_THROWS_WITH(torch_trainer().describe_file(folder / "other.safetensors"),
                    Catch::Contains("no network that mat knows"));
}

TEST_CASE("weights of a larger network are not those of a smaller one with the same keys") {
  const TempFolder folder;
  torch::manual_seed(1);
  const auto describe = [&](const Weights& weights) {
    save_weights(weights, folder / "w.safetensors");
    return torch_trainer().describe_file(folder / "w.safetensors");
  };
  Weights resnet = weights_of(*make_image_network("resnet18_w8", 3));
  Weights headless = resnet;
  headless.tensors.erase("fc.weight");
  headless.tensors.erase("fc.bias");
  CHECK(describe(headless) == Json({{"network", "resnet18_w8"}}));
  resnet.tensors["layer4.2.conv1.weight"] = torch::zeros({64, 64, 3, 3});
  CHECK_THROWS_WITH(describe(resnet), Catch::Contains("unexpected: layer4.2.conv1.weight"));

  Weights mobile = weights_of(*make_image_network("mobilenet_v3_small", 3));
  CHECK(describe(mobile) == Json({{"network", "mobilenet_v3_small"}}));
  mobile.tensors["features.12.0.weight"] = torch::zeros({960, 160, 1, 1});
  CHECK_THROWS_WITH(describe(mobile), Catch::Contains("features.12.0.weight is"));
}

TEST_CASE("a heatmap of a network that cannot be looked into is bright where covering matters") {
  const TempFolder folder;
  save_program(folder / "means.pt", "    return x.mean([2, 3]) * 10.0\n");
  const auto model = torch_trainer().open_model(program_request(folder / "means.pt", folder));
  // Black, and red at the lower left.
  Image picture = filled(64, 64, 0);
  for (int y = 40; y < 64; ++y) {
    for (int x = 0; x < 24; ++x) picture.pixels[3 * (y * 64 + x)] = 255;
  }
  const Heatmap heatmap = model->heatmap(picture, 0);
  const auto at = [&](int x, int y) {
    return heatmap.values[static_cast<std::size_t>(y * heatmap.width + x)];
  };
  CHECK(at(1, 8) > 0.9F);
  CHECK(at(8, 1) == 0);
  CHECK(at(1, 1) == 0);
  CHECK(at(8, 8) == 0);
}

TEST_CASE("a heatmap is bright where the evidence is") {
  const TempFolder folder;
  // small_cnn as a detector: the first channel carries how red a place is through all layers, and
  // the second class hangs on it alone.
  torch::manual_seed(3);
  const auto network = make_image_network("small_cnn", 2);
  {
    const torch::NoGradGuard no_grad;
    for (auto& item : network->named_parameters()) {
      const bool is_conv = item.key().starts_with("convs");
      if (is_conv || item.key().starts_with("fc")) item.value().zero_();
      if (is_conv) item.value()[0][0][1][1] = 1;
      if (item.key() == "fc.weight") item.value()[1][0] = 1;
    }
  }
  save_weights(weights_of(*network), folder / "red.safetensors");
  ModelRequest request;
  request.description = description_for("small_cnn", 32);
  request.description.classes = {"nothing", "red"};
  request.description.preprocessing.level_side = 0;
  request.file = folder / "red.safetensors";
  request.cache_folder = folder.path();
  request.device = "cpu";
  const auto model = torch_trainer().open_model(request);
  // Black, and a red square at the lower left.
  Image picture = filled(64, 64, 0);
  for (int y = 40; y < 56; ++y) {
    for (int x = 8; x < 24; ++x) picture.pixels[3 * (y * 64 + x)] = 255;
  }
  const Heatmap heatmap = model->heatmap(picture, 1);
  REQUIRE(heatmap.width == 8);
  REQUIRE(heatmap.height == 8);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) {
      CAPTURE(x, y);
      const bool is_red = y >= 5 && y < 7 && x >= 1 && x < 3;
      const float value = heatmap.values[static_cast<std::size_t>(y * 8 + x)];
      // Neighbours may see a little of the edge.
      CHECK((is_red ? value > 0.99F : value < 0.3F));
    }
  }
  CHECK(heatmap.left == 0);
  CHECK(heatmap.right == 64);
  // Nothing speaks for the other class.
  for (const float value : model->heatmap(picture, 0).values) CHECK(value == 0);

  const Heatmap wide = model->heatmap(filled(200, 50, 0xff0000), 1);
  CHECK(wide.left == 50);
  CHECK(wide.right == 150);
  CHECK(wide.top == -25);
  CHECK(wide.bottom == 75);
}

}  // namespace mat
