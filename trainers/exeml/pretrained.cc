#include "trainers/exeml/pretrained.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/base/error.h"
#include "core/base/json.h"
#include "trainers/models/timm_keys.h"

namespace mat {
namespace {

std::optional<View> known_view(const Json& name) {
  for (const View view : {View::margin, View::whole, View::centre, View::first, View::last}) {
    if (name == name_of(view)) return view;
  }
  return std::nullopt;
}

std::optional<Looks> looks_of(const std::string& preprocessing, const std::string& file) {
  if (preprocessing.empty()) return std::nullopt;
  const Json json = parse_json(preprocessing, file);
  if (!json.is_object()) return std::nullopt;
  Looks looks;
  const Json size = json.value("image_size", Json());
  if (!size.is_number_integer() || size <= 0 || size >= 4096) return std::nullopt;
  looks.size = size.get<int>();
  looks.mirrored = json.value("mirrored", Json()) == true;
  looks.views.clear();
  for (const Json& name : json.value("views", Json::array())) {
    const auto view = known_view(name);
    if (!view) return std::nullopt;
    looks.views.push_back(*view);
  }
  return looks.views.empty() ? std::nullopt : std::optional(looks);
}

}  // namespace

bool Pretrained::knows(const std::vector<std::string>& all) const {
  return std::all_of(all.begin(), all.end(), [&](const std::string& name) {
    return std::find(classes.begin(), classes.end(), name) != classes.end();
  });
}

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
  pretrained.is_pretrained = !pretrained.is_from_exeml || metadata("pretrained") == "true";
  if (pretrained.is_from_exeml) {
    pretrained.looks = looks_of(metadata("preprocessing"), file.string());
  }
  if (!metadata("mat_version").empty() && !metadata("classes").empty()) {
    const Json classes = parse_json(metadata("classes"), file.string());
    if (classes.is_array()) {
      for (const Json& name : classes) {
        if (name.is_string()) pretrained.classes.push_back(name.get<std::string>());
      }
    }
  }
  const std::optional<std::string> network = network_of_weights(weights.tensors);
  if (!network || *network == "small_cnn") {
    throw Error(
        ErrorKind::usage,
        fmt::format("'{}' holds the weights of no network that exeml knows", file.string()),
        "give a safetensors file of a ResNet-18, -34 or -50 or a MobileNetV3-Small with the "
        "keys of timm or torchvision");
  }
  pretrained.network = *network;
  weights.tensors = with_own_keys(*network, weights.tensors);
  return pretrained;
}

std::shared_ptr<ImageNetwork> Pretrained::make(const std::vector<std::string>& for_classes) const {
  torch::NoGradGuard no_grad;
  std::shared_ptr<ImageNetwork> made =
      make_image_network(network, static_cast<int>(for_classes.size()));
  const std::string head = head_key(network);
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
  load_weights(*made, all);
  return made;
}

}  // namespace mat
