#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <string_view>

#include "core/base/json.h"
#include "trainers/models/weights_file.h"
#include "trainers/torch.h"

namespace mat {

// All that a training needs to go on from a place as if it had never been away. On disk it is
// FOLDER/step-000000123.ckpt, a safetensors file with `state` as metadata and a checksum of
// everything.
struct Checkpoint {
  std::int64_t step = 0;        // batches done since the start
  Json state = Json::object();  // by whose it is: "settings", "loop", "task", "observer"
  Tensors tensors;              // on the CPU; nobody changes them any more
};

// Writes a new file, synced and renamed, and then removes the others but the latest one before it.
// Throws io errors.
void write_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& folder);

// The latest checkpoint in `folder` that is whole; nothing when there is none. `log` is told of
// every later one that is damaged and passed over. Throws io errors where one cannot be opened, and
// a conflict where another version of mat has written it: nobody may take it for lost.
std::optional<Checkpoint> read_latest_checkpoint(const std::filesystem::path& folder,
                                                 const std::function<void(std::string_view)>& log);

// Also what a process left that was killed while it wrote one.
void remove_checkpoints(const std::filesystem::path& folder);
void remove_unfinished_files(const std::filesystem::path& folder);

// Writes checkpoints with a thread of its own, one at a time, so that training goes on meanwhile.
class CheckpointWriter {
 public:
  // `settings` become a part of every checkpoint: see resume.h.
  CheckpointWriter(std::filesystem::path folder, Json settings);

  // Whether one is still being written. Throws what went wrong with the last one, once.
  bool is_busy();
  // Waits for the one before, whose error it throws.
  void write(Checkpoint checkpoint);
  // Waits until everything is on the disk. Throws what went wrong. The destructor waits as well,
  // but keeps it to itself.
  void finish();

 private:
  std::filesystem::path folder_;
  Json settings_;
  std::future<void> under_way_;
};

}  // namespace mat
