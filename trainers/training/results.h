#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/training/known_contents.h"
#include "core/training/trainer.h"
#include "trainers/distributed/nodes.h"
#include "trainers/models/weights_file.h"
#include "trainers/torch.h"
#include "trainers/training/evaluation.h"
#include "trainers/training/training_loop.h"

namespace mat {

// Removes the best weights and their evaluation, which an earlier attempt at a training left.
void remove_best(const std::filesystem::path& version_folder);

// The weights files of a version: output/best.safetensors and output/last.safetensors. Each is
// replaced whole or not at all. `metadata` goes into both, with the version of mat; the best
// weights also say their metrics.
class Results {
 public:
  // Those that are not kept touch no file; nothing is saved then.
  Results(std::filesystem::path version_folder, std::map<std::string, std::string> metadata,
          bool are_kept = true);

  const std::filesystem::path& folder() const { return folder_; }
  // A copy of the network's weights as save_best() writes them.
  Weights best_of(const torch::nn::Module& network, const Evaluation& evaluation) const;
  void save_best(const Weights& weights) const;
  void save_last(const torch::nn::Module& network) const;

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::string> metadata_;
};

// Writes beside the weights what they will know, with what those knew that the training goes on
// from; returns how many of the contents that are learnt from these had learnt from, too.
std::int64_t keep_known_contents(const TrainRequest& request, KnownContents known);

// What every training puts into its record.
void record_device(const torch::Device& device, TrainObserver& observer);
void record_parameters(const torch::nn::Module& network, TrainObserver& observer);
void record_speed(const LoopResult& result, TrainObserver& observer);
// "nodes": [{"node", "host", "images_per_second", "waiting", "weights"}]: the part of the time in
// which it waited for others, and a checksum. Of all nodes; node 0 records. Throws training_failed
// when their weights are not the same bit for bit: then one of them computes wrongly.
void record_nodes(const LoopResult& result, const torch::nn::Module& network,
                  const NodeGroup& group, Nodes& nodes, TrainObserver& observer);

}  // namespace mat
