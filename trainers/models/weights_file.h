#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "trainers/torch.h"

namespace mat {

using Tensors = std::map<std::string, torch::Tensor>;

// Weights on disk are safetensors files (8 bytes of header length, a JSON header, raw
// little-endian tensors), with text entries as metadata: "algorithm", "classes" (JSON),
// "preprocessing" (JSON), ….
struct Weights {
  Tensors tensors;  // on the CPU, contiguous
  std::map<std::string, std::string> metadata;
};

// Copies of a module's parameters and buffers by their state-dict keys, as fp32 (integers stay) on
// the CPU: training on does not change them.
Weights weights_of(const torch::nn::Module& module);

// Copies into the module's parameters and buffers. Throws a usage error that lists missing and
// unexpected keys and wrong shapes; then nothing was copied.
void load_weights(torch::nn::Module& module, const Weights& weights);

// Atomic: a new file, synced and renamed.
void save_weights(const Weights& weights, const std::filesystem::path& file);

// Reads BF16, F16, F32, F64, I64, I32, I16, I8, U8 and BOOL, each as its own type. Checks the
// header before believing it: lengths, bounds, gaps and overlaps, types, duplicates. Throws an io
// error that names the file, not_found when there is none.
Weights read_weights(const std::filesystem::path& file);

}  // namespace mat
