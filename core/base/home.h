#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace mat {

// The home of a registry, and where things are in it:
//   HOME/mat.db                 the registry
//   HOME/jobs/JOB/V0001/        one folder per version
//   HOME/datasets/NAME/         a dataset: pictures.manifest, the list that is worked on;
//                               V001.manifest, … what was published, never written again; files/,
//                               copies of pictures that were fetched
//   HOME/datasets/.NAME.lock    held by whoever changes the dataset
//   HOME/models/NAME/1.0.0/     a model's version: its weights, model.safetensors or model.pt;
//                               model.json, what it is and where it comes from; validation.jsonl,
//                               what it was validated on; none of them is written again;
//                               evaluations/
//   HOME/models/.NAME.lock      held by whoever adds to the model
//   HOME/services/NAME/         a service: lock, log.txt, token, which only its owner can read
//   HOME/visualizations/NAME/   a visualization: lock, log.txt, versions/, links to what it shows
//   HOME/cache/                 decoded pictures; may be deleted at any time
//   HOME/queue/                 locks of those that start pending versions
//   HOME/jobs/.new-*/           versions on their way in
//   HOME/trash/                 folders on their way out
struct Home {
  std::filesystem::path root;  // absolute
  std::string chosen_by;       // "--home", "$MAT_HOME", ".mat found upward from DIR", "data folder"

  std::filesystem::path database() const { return root / "mat.db"; }
  std::filesystem::path jobs() const { return root / "jobs"; }
  std::filesystem::path datasets() const { return root / "datasets"; }
  std::filesystem::path models() const { return root / "models"; }
  std::filesystem::path services() const { return root / "services"; }
  std::filesystem::path visualizations() const { return root / "visualizations"; }
  std::filesystem::path cache() const { return root / "cache"; }
  std::filesystem::path queue() const { return root / "queue"; }
  std::filesystem::path trash() const { return root / "trash"; }
  std::filesystem::path version_folder(const std::string& job, std::int64_t number) const;
  std::filesystem::path dataset_folder(const std::string& dataset) const;
  std::filesystem::path service_folder(const std::string& service) const {
    return services() / service;
  }
  std::filesystem::path visualization_folder(const std::string& visualization) const {
    return visualizations() / visualization;
  }
  std::filesystem::path dataset_manifest(const std::string& dataset, std::int64_t number) const;
  std::filesystem::path model_folder(const std::string& model, const std::string& number) const;
};

// --home > $MAT_HOME > nearest .mat/ upward from the working directory > $XDG_DATA_HOME/mat or
// ~/.local/share/mat. Makes nothing; an empty `option` means that it was not given.
Home find_home(const std::string& option);

}  // namespace mat
