#include "trainers/training/results.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/version.h"
#include "core/metrics/crc32c.h"
#include "trainers/models/weights_file.h"
#include "trainers/training/checkpoint.h"
#include "trainers/training/machine.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBestFile = "best.safetensors";
constexpr const char* kLastFile = "last.safetensors";

std::string checksum_of(const torch::nn::Module& network) {
  std::uint32_t sum = 0;
  for (const auto& [key, tensor] : weights_of(network).tensors) {
    const std::string_view bytes(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
    const std::uint32_t parts[] = {sum, crc32c(bytes)};
    sum = crc32c({reinterpret_cast<const char*>(parts), sizeof parts});
  }
  return fmt::format("{:08x}", sum);
}

}  // namespace

Results::Results(std::filesystem::path version_folder, std::map<std::string, std::string> metadata,
                 bool are_kept)
    : folder_(std::move(version_folder)), metadata_(std::move(metadata)) {
  metadata_["mat_version"] = mat_version();
  if (!are_kept) return;
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

std::int64_t keep_known_contents(const TrainRequest& request, KnownContents known) {
  std::int64_t known_before = 0;
  if (const auto base = request.inputs.find("weights_url"); base != request.inputs.end()) {
    auto before = read_known_contents(base->second.parent_path()).learnt;
    const std::size_t all = before.size() + known.learnt.size();
    known.learnt.merge(before);
    known_before = static_cast<std::int64_t>(all - known.learnt.size());
  }
  const fs::path folder = request.version_folder / "output";
  make_folders(folder);
  write_known_contents(folder, known);
  return known_before;
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

void record_nodes(const LoopResult& result, const torch::nn::Module& network,
                  const NodeGroup& group, Nodes& nodes, TrainObserver& observer) {
  const double seconds = result.own_seconds;
  Json own{{"node", group.node}};
  const auto place = static_cast<std::size_t>(group.node);
  if (place < group.hosts.size()) own["host"] = group.hosts[place];
  own["images_per_second"] = seconds > 0 ? static_cast<double>(result.own_samples) / seconds : 0.0;
  // A GPU waits by itself, and nobody counts how long.
  if (network.parameters().front().is_cpu()) {
    own["waiting"] = seconds > 0 ? result.waited_seconds / seconds : 0.0;
  }
  own["weights"] = checksum_of(network);
  const std::vector<Json> all = nodes.gather(own);
  if (!nodes.is_first()) return;
  observer.record("nodes", all);
  for (const Json& other : all) {
    if (other.at("weights") == own["weights"]) continue;
    throw Error(
        ErrorKind::training_failed,
        fmt::format("the weights of node {} are not those of node 0", other.at("node").get<int>()),
        "memory or a processor of one of them may be faulty, or they run different builds");
  }
}

}  // namespace mat
