#include "trainers/models/network.h"

#include "core/base/error.h"
#include "tests/run_python.h"
#include "tests/temp_folder.h"
#include "tests/trainers/catch.h"
#include "trainers/models/weights_file.h"
#include "trainers/torch_compat.h"

namespace mat {
namespace {

const std::vector<std::string> kTorchvisionNetworks = {"resnet18", "resnet34", "resnet50",
                                                       "mobilenet_v3_small"};

// Weights with which a wrong layer shows: normalizations that are not the identity.
void randomize_normalizations(torch::nn::Module& network) {
  const torch::NoGradGuard no_grad;
  for (const auto& module : network.modules()) {
    if (auto* norm = module->as<torch::nn::BatchNorm2dImpl>()) {
      norm->weight.uniform_(0.5, 1.0);
      norm->bias.normal_(0, 0.1);
      norm->running_mean.normal_(0, 0.1);
      norm->running_var.uniform_(0.5, 1.5);
    }
    if (auto* dropout = module->as<torch::nn::DropoutImpl>()) dropout->options.p(0);
  }
}

// Writes what compare_with_torchvision.py wants to know of a network.
void write_case(const std::string& algorithm, const TempFolder& folder) {
  torch::manual_seed(7);
  const auto network = make_image_network(algorithm, 6);
  save_weights(weights_of(*network), folder / (algorithm + ".initial.safetensors"));
  randomize_normalizations(*network);
  save_weights(weights_of(*network), folder / (algorithm + ".safetensors"));

  Weights results;
  const auto input = torch::randn({4, 3, 64, 64});
  const auto targets = torch::randint(6, {4});
  results.tensors["input"] = input;
  results.tensors["targets"] = targets;
  network->eval();
  {
    const torch::NoGradGuard no_grad;
    results.tensors["logits"] = network->forward(input);
  }
  network->train();
  const auto channels_last = input.contiguous(torch::MemoryFormat::ChannelsLast);
  torch::nn::functional::cross_entropy(network->forward(channels_last), targets).backward();
  for (const auto& item : network->named_parameters()) {
    results.tensors["gradient." + item.key()] = item.value().grad();
  }
  for (const auto& item : network->named_buffers()) {
    results.tensors["buffer." + item.key()] = item.value();
  }
  save_weights(results, folder / (algorithm + ".results.safetensors"));
}

TEST_CASE("the networks are torchvision's: weights, results, gradients and initialization") {
  const TempFolder folder;
  for (const auto& algorithm : kTorchvisionNetworks) write_case(algorithm, folder);
  std::vector<std::string> words = {folder.path().string()};
  words.insert(words.end(), kTorchvisionNetworks.begin(), kTorchvisionNetworks.end());
  // Debian's, for which its torchvision is.
  if (!run_python("trainers/models/compare_with_torchvision.py", words, "MAT_TORCHVISION_PYTHON",
                  "/usr/bin/python3")) {
    return;
  }

  for (const auto& algorithm : kTorchvisionNetworks) {
    CAPTURE(algorithm);
    const auto network = make_image_network(algorithm, 6);
    load_weights(*network, read_weights(folder / (algorithm + ".python.safetensors")));
    network->eval();
    const torch::NoGradGuard no_grad;
    const auto ours = network->forward(
        read_weights(folder / (algorithm + ".results.safetensors")).tensors.at("input"));
    const auto theirs =
        read_weights(folder / (algorithm + ".python-results.safetensors")).tensors.at("logits");
    CHECK((ours - theirs).abs().max().item<double>() < 1e-4);
  }
}

TEST_CASE("a network gives scores for as many classes as asked for, at any size of picture") {
  for (const std::string algorithm : {"resnet18", "mobilenet_v3_small", "small_cnn"}) {
    for (const int size : {1, 8, 28, 33, 64}) {
      CAPTURE(algorithm, size);
      const auto network = make_image_network(algorithm, 11);
      network->eval();
      const auto scores = network->forward(torch::rand({2, 3, size, size}));
      CHECK(scores.sizes() == torch::IntArrayRef({2, 11}));
      CHECK(scores.isfinite().all().item<bool>());
    }
  }
}

TEST_CASE("the layout of the pictures does not change what a network says") {
  for (const std::string algorithm : {"resnet18", "mobilenet_v3_small", "small_cnn"}) {
    CAPTURE(algorithm);
    const auto network = make_image_network(algorithm, 5);
    network->eval();
    const torch::NoGradGuard no_grad;
    const auto pictures = torch::rand({2, 3, 32, 32});
    const auto one = network->forward(pictures);
    const auto other = network->forward(pictures.contiguous(torch::MemoryFormat::ChannelsLast));
    CHECK(torch::allclose(one, other, 1e-4, 1e-4));
  }
}

TEST_CASE("small_cnn has the size of its description") {
  std::int64_t count = 0;
  for (const auto& parameter : make_image_network("small_cnn", 10)->parameters()) {
    count += parameter.numel();
  }
  CHECK(count > 200'000);
  CHECK(count < 400'000);
}

TEST_CASE("small_cnn learns to tell stripes from checks") {
  torch::manual_seed(3);
  const auto network = make_image_network("small_cnn", 2);
  const auto line = torch::arange(16).remainder(2).to(torch::kFloat32);
  const auto stripes = line.expand({16, 16});
  const auto checks = (line.view({16, 1}) + line).remainder(2);
  const auto pictures = torch::stack({stripes, checks}).unsqueeze(1).repeat({8, 3, 1, 1});
  const auto targets = torch::tensor({0, 1}).repeat({8});
  torch::optim::SGD optimizer(network->parameters(), torch::optim::SGDOptions(0.05).momentum(0.9));
  double loss_value = 0;
  for (int step = 0; step < 20; ++step) {
    optimizer.zero_grad();
    const auto noisy = pictures + torch::randn_like(pictures) * 0.1;
    auto loss = torch::nn::functional::cross_entropy(network->forward(noisy), targets);
    loss.backward();
    optimizer.step();
    loss_value = loss.item<double>();
  }
  CHECK(loss_value < 0.1);
}

TEST_CASE("an unknown network is a bug") {
  try {
    make_image_network("alexnet", 2);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::bug);
  }
}

}  // namespace
TEST_CASE("The last layer computes in fp32 also where all else is in bf16") {
  for (const char* name : {"resnet18_w16", "mobilenet_v3_small", "small_cnn"}) {
    INFO(name);
    torch::manual_seed(1);
    const auto network = make_image_network(name, 3);
    network->eval();
    torch::NoGradGuard no_grad;
    const torch::Tensor pictures = torch::rand({2, 3, 64, 64});
    const torch::Tensor exact = network->forward(pictures);
    const Autocast autocast(torch::kCPU, torch::kBFloat16);
    const torch::Tensor maps = network->maps(pictures);
    CHECK(maps.scalar_type() == torch::kBFloat16);
    const torch::Tensor logits = network->forward(pictures);
    CHECK(logits.scalar_type() == torch::kFloat32);
    CHECK_FALSE(logits.equal(logits.to(torch::kBFloat16).to(torch::kFloat32)));
    CHECK(logits.allclose(exact, 0.1, 0.1));
  }
}

}  // namespace mat
