#pragma once

#include <torch/script.h>

#include <filesystem>

#include "core/base/json.h"

namespace mat {

// Whether the file begins as TorchScript programs do, which are zip archives.
bool is_program_file(const std::filesystem::path& file);

// On the CPU, for answering. Runs none of Python's pickles: what is no TorchScript is an io error,
// as is what cannot be read; not_found when there is no file.
torch::jit::Module load_program(const std::filesystem::path& file);

// What its attributes tell: see kTorchScript and Trainer::describe_file().
Json description_of_program(const torch::jit::Module& program);

}  // namespace mat
