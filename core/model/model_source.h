#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/registry/registry.h"
#include "core/training/model_description.h"
#include "core/training/table_description.h"

namespace mat {

// Something that answers: a version of a job, or of a model.
struct ModelSource {
  std::string reference;         // "clothes@V0003", "clothes@1.0.0"
  std::string source;            // the same without doubt: "version:clothes@V0003", "model:…"
  std::filesystem::path file;    // its weights
  std::filesystem::path folder;  // the version's, for what is stored with it
  ModelDescription description;  // of a classifier of pictures, or:
  std::optional<TableDescription> table;  // of a network for rows of tables
  Id id = 0;                              // of the version, of a job or of a model
  std::optional<Id> model_version;        // the same of a model; nothing for a version of a job
  bool may_change = false;                // a version whose training is not over
  std::string note;                       // what a person should know of the choice; may be empty
};

// Throws not_found when it was deleted since it was found, also when another has its name by now.
void require_still_there(Registry& registry, const ModelSource& source);

// "X@V0003", "X@3" and "X@best" are versions of the job X, as Registry::version() takes them;
// "X@1.0.1" and "X@ALIAS" of the model, as Registry::model_version() does. "X" and "X@latest" are
// of whichever there is; where there are both, "X" is the model and "X@latest" the job's.
// "model:X…" and "version:X…" leave no doubt. Throws not_found with the nearest name of both, a
// conflict for a version that has no weights, and a usage error for what makes nothing that
// answers.
ModelSource find_model_source(Registry& registry, const std::string& reference);

}  // namespace mat
