#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/model/models.h"
#include "core/training/trainer.h"

namespace mat {

// What a person says of a file that does not say it itself.
struct ImportDescription {
  std::vector<std::string> classes;     // in the order of the network's outputs
  std::string network;                  // of weights: "resnet18"
  std::optional<int> image_size;        // else 224
  std::vector<double> mean, deviation;  // else those of ImageNet
};

// See Trainer::describe_file().
using DescribeFile = std::function<Json(const std::filesystem::path& file)>;

// A safetensors file of mat's or of others, or a TorchScript program. What the file does not say
// itself is taken from what stands beside it, FILE.json as 'model export' writes it, or model.json
// beside model.pt and model.safetensors, and then from `given`. `describe` is asked about files
// whose header is not mat's. Throws usage errors that say what is missing, or where two of these
// contradict each other, not_found and io errors.
ModelContent describe_import(const std::filesystem::path& file, const ImportDescription& given,
                             const DescribeFile& describe);

// Whether the file's own network takes a picture and gives a probability for each class, by asking
// it. Errors are those of Trainer::open_model() and of the answer.
void require_working(const ModelContent& content, const std::filesystem::path& cache_folder,
                     int threads);

// What `--network` can say.
std::vector<std::string> known_networks();

// The description that stands beside a file.
std::filesystem::path description_beside(const std::filesystem::path& file);

}  // namespace mat
