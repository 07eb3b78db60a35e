#pragma once

#include <filesystem>

namespace mat {

enum class ModelFileKind {
  weights,  // safetensors: JSON behind its length
  program,  // TorchScript: a ZIP archive
  neither,
};

// By the first bytes. Throws not_found when there is no such file, a usage error for a folder or
// whatever else is no regular file, io errors.
ModelFileKind kind_of_model_file(const std::filesystem::path& file);

}  // namespace mat
