#include "trainers/training/results.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/version.h"
#include "trainers/models/weights_file.h"
#include "trainers/training/checkpoint.h"
#include "trainers/training/machine.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBestFile = "best.safetensors";
constexpr const char* kLastFile = "last.safetensors";

}  // namespace

Results::Results(std::filesystem::path version_folder, std::map<std::string, std::string> metadata)
    : folder_(std::move(version_folder)), metadata_(std::move(metadata)) {
  metadata_["mat_version"] = mat_version();
  make_folders(folder_ / "output");
  remove_unfinished_files(folder_ / "output");
}

void remove_best(const fs::path& version_folder) {
  for (const fs::path& path :
       {version_folder / "output" / kBestFile, version_folder / "evaluation.json",
        version_folder / "predictions.jsonl"}) {
    std::error_code error;
    fs::remove(path, error);
    if (error) throw_io_error(fmt::format("cannot remove '{}'", path.string()), error.value());
  }
}

Weights Results::best_of(const torch::nn::Module& network, const Evaluation& evaluation) const {
  Weights weights = weights_of(network);
  weights.metadata = metadata_;
  Json metrics = Json::object();
  for (const auto& [name, value] : evaluation.metrics) metrics[name] = value;
  weights.metadata["metrics"] = to_json_text(metrics);
  if (evaluation.targets.defined() && evaluation.targets.scalar_type() == torch::kLong) {
    weights.metadata["temperature"] = to_json_text(Json(evaluation.temperature));
  }
  return weights;
}

void Results::save_best(const Weights& weights) const {
  save_weights(weights, folder_ / "output" / kBestFile);
}

void Results::save_last(const torch::nn::Module& network) const {
  Weights weights = weights_of(network);
  weights.metadata = metadata_;
  save_weights(weights, folder_ / "output" / kLastFile);
}

void record_device(const torch::Device& device, TrainObserver& observer) {
  observer.record("device", device.str());
  observer.record("device_model", device_model(device));
  observer.record("threads", at::get_num_threads());
}

void record_parameters(const torch::nn::Module& network, TrainObserver& observer) {
  std::int64_t count = 0;
  for (const torch::Tensor& parameter : network.parameters()) count += parameter.numel();
  observer.record("parameters", count);
}

void record_speed(const LoopResult& result, TrainObserver& observer) {
  observer.record("training_seconds", result.training_seconds);
  observer.record("samples_per_second",
                  result.training_seconds > 0
                      ? static_cast<double>(result.samples) / result.training_seconds
                      : 0.0);
}

}  // namespace mat
