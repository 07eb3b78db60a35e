#include "trainers/exeml/pretrained.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/base/error.h"
#include "core/base/json.h"

namespace mat {
namespace {

// What timm's parts of a MobileNetV3-Small are called in torchvision. Its blocks, by stage.
constexpr std::array<int, 5> kBlocksByStage = {1, 2, 3, 2, 3};

using Names = std::vector<std::pair<std::string, std::string>>;  // timm's, torchvision's prefixes

bool has(const Weights& weights, const std::string& key) { return weights.tensors.contains(key); }

Names mobilenet_names(const Weights& weights) {
  Names names = {{"conv_stem.", "features.0.0."}, {"bn1.", "features.0.1."}};
  int feature = 1;
  for (std::size_t stage = 0; stage < kBlocksByStage.size(); ++stage) {
    for (int i = 0; i < kBlocksByStage[stage]; ++i, ++feature) {
      const std::string from = fmt::format("blocks.{}.{}.", stage, i);
      const std::string to = fmt::format("features.{}.block.", feature);
      int part = 0;
      const auto add = [&](const char* conv, const char* norm) {
        names.emplace_back(from + conv, fmt::format("{}{}.0.", to, part));
        names.emplace_back(from + norm, fmt::format("{}{}.1.", to, part));
        ++part;
      };
      const bool expands = has(weights, from + "conv_pwl.weight");
      if (expands) add("conv_pw.", "bn1.");
      add("conv_dw.", expands ? "bn2." : "bn1.");
      if (has(weights, from + "se.conv_reduce.weight")) {
        names.emplace_back(from + "se.conv_reduce.", fmt::format("{}{}.fc1.", to, part));
        names.emplace_back(from + "se.conv_expand.", fmt::format("{}{}.fc2.", to, part));
        ++part;
      }
      add(expands ? "conv_pwl." : "conv_pw.", expands ? "bn3." : "bn2.");
    }
  }
  names.emplace_back("blocks.5.0.conv.", fmt::format("features.{}.0.", feature));
  names.emplace_back("blocks.5.0.bn1.", fmt::format("features.{}.1.", feature));
  names.emplace_back("conv_head.", "classifier.0.");
  names.emplace_back("classifier.", "classifier.3.");
  return names;
}

// With torchvision's keys. What has no name there keeps its own and is found to be unexpected.
Tensors renamed(const Weights& weights) {
  Tensors tensors;
  const Names names = mobilenet_names(weights);
  for (const auto& [key, tensor] : weights.tensors) {
    std::string name = key;
    for (const auto& [from, to] : names) {
      if (!key.starts_with(from)) continue;
      name = to + key.substr(from.size());
      break;
    }
    // A 1x1 convolution of one pixel is a matrix.
    const bool is_matrix = name == "classifier.0.weight" && tensor.dim() == 4;
    tensors[name] = is_matrix ? tensor.flatten(1) : tensor;
  }
  return tensors;
}

std::string resnet_of(const Weights& weights) {
  int third_stage = 0;
  while (has(weights, fmt::format("layer3.{}.conv1.weight", third_stage))) ++third_stage;
  const bool is_deep = third_stage > 2;
  const bool has_bottlenecks = has(weights, "layer1.0.conv3.weight");
  const std::string name = has_bottlenecks ? "resnet50" : is_deep ? "resnet34" : "resnet18";
  const std::int64_t width = weights.tensors.at("conv1.weight").size(0);
  return width == 64 ? name : fmt::format("{}_w{}", name, width);
}

// The last layer's key, without ".weight".
std::string head_of(const std::string& network) {
  return network.starts_with("mobilenet") ? "classifier.3" : "fc";
}

}  // namespace

Pretrained read_pretrained(const std::filesystem::path& file) {
  Pretrained pretrained;
  pretrained.from = file.string();
  pretrained.weights = read_weights(file);
  Weights& weights = pretrained.weights;
  const auto metadata = [&](const char* key) {
    const auto found = weights.metadata.find(key);
    return found == weights.metadata.end() ? std::string() : found->second;
  };
  pretrained.is_from_exeml = metadata("algorithm") == "exeml";
  if (!metadata("mat_version").empty() && !metadata("classes").empty()) {
    const Json classes = parse_json(metadata("classes"), file.string());
    if (classes.is_array()) {
      for (const Json& name : classes) {
        if (name.is_string()) pretrained.classes.push_back(name.get<std::string>());
      }
    }
  }
  if (has(weights, "conv_stem.weight")) {
    weights.tensors = renamed(weights);
    pretrained.network = "mobilenet_v3_small";
  } else if (has(weights, "features.0.0.weight")) {
    pretrained.network = "mobilenet_v3_small";
  } else if (has(weights, "conv1.weight") && has(weights, "layer1.0.conv1.weight")) {
    pretrained.network = resnet_of(weights);
  } else {
    throw Error(
        ErrorKind::usage,
        fmt::format("'{}' holds the weights of no network that exeml knows", file.string()),
        "give a safetensors file of a ResNet-18, -34 or -50 or a MobileNetV3-Small with the "
        "keys of timm or torchvision");
  }
  return pretrained;
}

std::shared_ptr<ImageNetwork> Pretrained::make(const std::vector<std::string>& for_classes) const {
  torch::NoGradGuard no_grad;
  std::shared_ptr<ImageNetwork> made =
      make_image_network(network, static_cast<int>(for_classes.size()));
  const std::string head = head_of(network);
  Weights all = weights;
  const Weights fresh = weights_of(*made);
  torch::Tensor weight = fresh.tensors.at(head + ".weight").clone();
  torch::Tensor bias = fresh.tensors.at(head + ".bias").clone();
  const auto old_weight = weights.tensors.find(head + ".weight");
  const auto old_bias = weights.tensors.find(head + ".bias");
  const bool fits = old_weight != weights.tensors.end() && old_bias != weights.tensors.end() &&
                    old_weight->second.dim() == 2 &&
                    old_weight->second.size(0) == static_cast<std::int64_t>(classes.size()) &&
                    old_bias->second.numel() == old_weight->second.size(0) &&
                    old_weight->second.size(1) == weight.size(1);
  for (std::size_t i = 0; fits && i < for_classes.size(); ++i) {
    for (std::size_t j = 0; j < classes.size(); ++j) {
      if (classes[j] != for_classes[i]) continue;
      weight[static_cast<std::int64_t>(i)].copy_(old_weight->second[static_cast<std::int64_t>(j)]);
      bias[static_cast<std::int64_t>(i)].copy_(old_bias->second[static_cast<std::int64_t>(j)]);
    }
  }
  all.tensors[head + ".weight"] = weight;
  all.tensors[head + ".bias"] = bias;
  // A count that only matters to a training that goes on; older files lack it.
  for (const auto& [key, tensor] : fresh.tensors) {
    if (key.ends_with("num_batches_tracked")) all.tensors.try_emplace(key, tensor);
  }
  load_weights(*made, all);
  return made;
}

}  // namespace mat
