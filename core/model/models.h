#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/lock_file.h"
#include "core/registry/registry.h"
#include "core/training/model_description.h"
#include "core/training/table_description.h"

// Models: weights with a name and a number, of which all that is needed to answer lies in a folder
// of their own. Whatever fails or is killed, a version is there whole or not at all.
//
// What a training left beside its weights is there too (see known_contents.h).
//
// model.json is the description (see model_description.h; of a network for tables "network" and
// what table_description.h has) and with it
//   "metrics": {"accuracy", …}, as far as they are known
//   "validation": what it was validated on (see validation_list.h)
//   "origin": {"kind": "version", "reference": "clothes@V0003", "job", "version", "number",
//     "status", "algorithm", "parent", "dataset": {"name": "clothes@V002" or a folder, "root",
//     "fingerprint", "train", …}, "git": {"commit", …}, "settings": {"hyperparameters.lr": 0.1, …},
//     "trained"}, or {"kind": "file", "file", "bytes", "exported" (of the model it was exported
//     from: its name and origin)}

namespace mat {

struct NewModel {
  std::string name;
  std::optional<ModelNumber> number;  // nothing: the next one
  std::string description;
};

// What a version consists of.
struct ModelContent {
  std::filesystem::path file;             // is copied
  ModelDescription description;           // of a classifier of pictures, or:
  std::optional<TableDescription> table;  // of a network for tables
  Json metrics = Json::object();
  Json origin = Json::object();
  std::optional<Id> made_of;  // the version of a job
  // Where the predictions on its validation pictures or rows are, and the folder that these lie in,
  // or the table; empty when they are not known.
  std::filesystem::path predictions, validation_root;
};

// Conflict when the number is taken. `registry` is open for writing.
ModelVersionRecord add_model_version(Registry& registry, const NewModel& model,
                                     const ModelContent& content, const LockHooks& hooks);

// The weights of a Completed version. Throws a conflict for another status and for weights that are
// gone, and a usage error for what makes nothing that answers.
ModelContent content_of_version(const Home& home, const VersionRecord& version);

struct StoredModel {
  ModelVersionRecord version;
  std::filesystem::path folder, file;
  ModelDescription description;           // of a classifier of pictures, or:
  std::optional<TableDescription> table;  // of a network for tables
  Json validation;                        // as it stands in model.json
};

// Throws io errors for files that are gone or damaged.
StoredModel stored_model(const Home& home, const ModelVersionRecord& version);

// What model.json says of the model beside its metrics, its validation and its origin.
Json description_json(const ModelDescription& description,
                      const std::optional<TableDescription>& table);

}  // namespace mat
