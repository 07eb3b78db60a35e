#include "trainers/exeml/pretrained.h"

#include "core/base/error.h"
#include "tests/temp_folder.h"
#include "tests/trainers/catch.h"

namespace mat {
namespace {

const std::vector<std::string> kThreeClasses = {"a", "b", "c"};

std::shared_ptr<ImageNetwork> seeded_network(const std::string& name, int classes, int seed) {
  torch::manual_seed(seed);
  auto network = make_image_network(name, classes);
  network->eval();
  return network;
}

torch::Tensor noise_pictures() {
  torch::manual_seed(3);
  return torch::rand({2, 3, 64, 64});
}

void save_network(const ImageNetwork& network, const std::filesystem::path& file,
                  const std::map<std::string, std::string>& metadata = {}) {
  Weights weights = weights_of(network);
  weights.metadata = metadata;
  save_weights(weights, file);
}

// As timm names the parts of a MobileNetV3-Small.
std::string timm_name(const std::string& key) {
  static const std::vector<std::pair<std::string, std::string>> kNames = {
      {"features.0.0.", "conv_stem."},
      {"features.0.1.", "bn1."},
      {"features.1.block.0.0.", "blocks.0.0.conv_dw."},
      {"features.1.block.0.1.", "blocks.0.0.bn1."},
      {"features.1.block.1.fc1.", "blocks.0.0.se.conv_reduce."},
      {"features.1.block.1.fc2.", "blocks.0.0.se.conv_expand."},
      {"features.1.block.2.0.", "blocks.0.0.conv_pw."},
      {"features.1.block.2.1.", "blocks.0.0.bn2."},
      {"features.12.0.", "blocks.5.0.conv."},
      {"features.12.1.", "blocks.5.0.bn1."},
      {"classifier.0.", "conv_head."},
      {"classifier.3.", "classifier."},
  };
  for (const auto& [ours, theirs] : kNames) {
    if (key.starts_with(ours)) return theirs + key.substr(ours.size());
  }
  static const std::vector<std::pair<int, int>> kPlaces = {{1, 0}, {1, 1}, {2, 0}, {2, 1}, {2, 2},
                                                           {3, 0}, {3, 1}, {4, 0}, {4, 1}, {4, 2}};
  for (int feature = 2; feature < 12; ++feature) {
    const std::string ours = "features." + std::to_string(feature) + ".block.";
    if (!key.starts_with(ours)) continue;
    const auto [stage, place] = kPlaces[static_cast<std::size_t>(feature) - 2];
    const std::string theirs =
        "blocks." + std::to_string(stage) + "." + std::to_string(place) + ".";
    const bool has_squeeze = stage > 1;
    const std::string rest = key.substr(ours.size());
    const char part = rest[0];
    if (part == '0') return theirs + (rest[2] == '0' ? "conv_pw." : "bn1.") + rest.substr(4);
    if (part == '1') return theirs + (rest[2] == '0' ? "conv_dw." : "bn2.") + rest.substr(4);
    if (part == '2' && has_squeeze) {
      return theirs + (rest.starts_with("2.fc1") ? "se.conv_reduce." : "se.conv_expand.") +
             rest.substr(6);
    }
    return theirs + (rest[2] == '0' ? "conv_pwl." : "bn3.") + rest.substr(4);
  }
  return key;
}

}  // namespace

TEST_CASE("Weights with torchvision's keys give the same features with a new last layer") {
  const TempFolder folder;
  for (const char* name : {"resnet18", "resnet34", "resnet50", "mobilenet_v3_small"}) {
    INFO(name);
    const auto original = seeded_network(name, 7, 1);
    save_network(*original, folder.path() / "w.safetensors");
    const Pretrained pretrained = read_pretrained(folder.path() / "w.safetensors");
    CHECK(pretrained.network == name);
    CHECK_FALSE(pretrained.is_from_exeml);
    CHECK(pretrained.is_pretrained);
    const auto made = pretrained.make(kThreeClasses);
    made->eval();
    torch::NoGradGuard no_grad;
    CHECK(made->features(noise_pictures()).equal(original->features(noise_pictures())));
    CHECK(made->forward(noise_pictures()).size(1) == 3);
  }
}

TEST_CASE("timm's keys of a MobileNetV3-Small are understood") {
  const TempFolder folder;
  const auto original = seeded_network("mobilenet_v3_small", 5, 2);
  Weights weights;
  for (const auto& [key, tensor] : weights_of(*original).tensors) {
    const std::string name = timm_name(key);
    weights.tensors[name] = name == "conv_head.weight" ? tensor.view({1024, 576, 1, 1})
                            : name.ends_with("running_var")
                                ? tensor + (0.001 - 1e-5)  // its epsilon
                                : tensor;
  }
  REQUIRE(weights.tensors.contains("blocks.4.2.conv_pwl.weight"));
  save_weights(weights, folder.path() / "timm.safetensors");
  const auto made = read_pretrained(folder.path() / "timm.safetensors").make(kThreeClasses);
  made->eval();
  torch::NoGradGuard no_grad;
  CHECK(torch::allclose(made->features(noise_pictures()), original->features(noise_pictures()),
                        1e-4, 1e-5));
}

TEST_CASE("Classes that were known keep their rows, whatever was added, removed or moved") {
  const TempFolder folder;
  const auto original = seeded_network("resnet18_w16", 3, 4);
  save_network(
      *original, folder.path() / "w.safetensors",
      {{"algorithm", "exeml"}, {"mat_version", "1"}, {"classes", R"(["cat","dog","owl"])"}});
  const Pretrained pretrained = read_pretrained(folder.path() / "w.safetensors");
  CHECK(pretrained.network == "resnet18_w16");
  CHECK(pretrained.is_from_exeml);
  CHECK_FALSE(pretrained.is_pretrained);
  CHECK(pretrained.knows({"owl", "cat"}));
  CHECK_FALSE(pretrained.knows({"owl", "ant"}));
  const auto made = pretrained.make({"ant", "owl", "cat"});
  const torch::Tensor before = original->head()->weight, after = made->head()->weight;
  CHECK(after[1].equal(before[2]));
  CHECK(after[2].equal(before[0]));
  CHECK_FALSE(after[0].equal(before[1]));
}

TEST_CASE("Weights that lack a part, or are of another network, are refused by name") {
  const TempFolder folder;
  const auto file = folder.path() / "w.safetensors";
  Weights weights = weights_of(*seeded_network("resnet18", 3, 1));
  weights.tensors.erase("layer2.0.conv1.weight");
  weights.tensors["layer9.bias"] = torch::zeros({1});
  save_weights(weights, file);
  CHECK_THROWS_WITH(read_pretrained(file).make(kThreeClasses),
                    Catch::Contains("layer2.0.conv1.weight") && Catch::Contains("layer9.bias"));
  Weights other;
  other.tensors["encoder.weight"] = torch::zeros({2});
  save_weights(other, file);
  CHECK_THROWS_WITH(read_pretrained(file), Catch::Contains("no network that exeml knows"));
}

}  // namespace mat
