#include "trainers/training/network_task.h"

#include <utility>

#include "trainers/models/weights_file.h"

namespace mat {
namespace {

// How the names of tensors in a checkpoint begin, by what they are.
constexpr const char* kPresent = "weights.";
constexpr const char* kBest = "best.";
constexpr const char* kScores = "evaluation.scores";
constexpr const char* kTargets = "evaluation.targets";

void put(const Tensors& from, const std::string& prefix, Tensors& to) {
  for (const auto& [key, tensor] : from) to[prefix + key] = tensor;
}

Tensors take(const Tensors& from, const std::string& prefix) {
  Tensors tensors;
  for (auto item = from.lower_bound(prefix); item != from.end() && item->first.starts_with(prefix);
       ++item) {
    tensors[item->first.substr(prefix.size())] = item->second;
  }
  return tensors;
}

}  // namespace

NetworkTask::NetworkTask(std::shared_ptr<Network> network, Results results, bool keeps_results)
    : network_(std::move(network)), results_(std::move(results)), keeps_results_(keeps_results) {}

void NetworkTask::keep_best() {
  best_ = latest_;
  if (best_.targets.scalar_type() == torch::kLong) {
    best_.temperature = calibrate(predictions_of(best_)).temperature;
  }
  best_weights_ = results_.best_of(*network_, best_);
  results_.save_best(best_weights_);
}

void NetworkTask::save_state(Checkpoint& checkpoint, bool best_is_present) const {
  Json& state = checkpoint.state["task"] = Json::object();
  put(best_is_present ? best_weights_.tensors : weights_of(*network_).tensors, kPresent,
      checkpoint.tensors);
  if (best_weights_.tensors.empty()) return;
  if (!best_is_present) put(best_weights_.tensors, kBest, checkpoint.tensors);
  Json metrics = Json::object();
  for (const auto& [name, value] : best_.metrics) metrics[name] = number_to_json(value);
  state["best"] = {
      {"metadata", best_weights_.metadata}, {"metrics", metrics}, {"summary", best_.summary}};
  checkpoint.tensors[kScores] = best_.scores;
  checkpoint.tensors[kTargets] = best_.targets;
}

void NetworkTask::load_state(const Checkpoint& checkpoint) {
  Weights present;
  present.tensors = take(checkpoint.tensors, kPresent);
  load_weights(*network_, present);
  const Json& state = checkpoint.state.at("task");
  if (!state.contains("best")) {
    if (keeps_results_) remove_best(results_.folder());
    return;
  }
  const Json& best = state["best"];
  best_.metrics.clear();
  for (const auto& [name, value] : best.at("metrics").items()) {
    best_.metrics.emplace_back(name, number_from_json(value, "a checkpoint"));
  }
  best_.summary = best.at("summary");
  best_.scores = checkpoint.tensors.at(kScores);
  best_.targets = checkpoint.tensors.at(kTargets);
  best_weights_.metadata = best.at("metadata").get<std::map<std::string, std::string>>();
  const auto temperature = best_weights_.metadata.find("temperature");
  if (temperature != best_weights_.metadata.end()) {
    best_.temperature = parse_json(temperature->second, "a checkpoint").get<double>();
  }
  best_weights_.tensors = take(checkpoint.tensors, kBest);
  if (best_weights_.tensors.empty()) best_weights_.tensors = present.tensors;
  // The file may be that of a later epoch, from which nothing else is left.
  if (keeps_results_) results_.save_best(best_weights_);
}

void NetworkTask::write_evaluation_of_best(const std::string& key,
                                           const std::vector<std::string>& names,
                                           const std::vector<std::string>& classes) const {
  write_evaluation(best_, results_.folder(), key, names, classes);
}

}  // namespace mat
