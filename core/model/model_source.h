#pragma once

#include <filesystem>
#include <string>

#include "core/registry/registry.h"
#include "core/training/model_description.h"

namespace mat {

// Something that answers: a version of a job, or of a model.
struct ModelSource {
  std::string reference;         // "clothes@V0003", "clothes@1.0.0"
  std::filesystem::path file;    // its weights
  std::filesystem::path folder;  // the version's, for what is stored with it
  ModelDescription description;
};

// "JOB", "JOB@3", "JOB@best", as Registry::version() takes it. Throws not_found, and a conflict for
// a version that has no weights or is no classifier of pictures.
ModelSource find_model_source(Registry& registry, const std::string& reference);

}  // namespace mat
