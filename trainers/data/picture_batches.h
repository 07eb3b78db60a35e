#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/image/image.h"
#include "trainers/data/picture_views.h"
#include "trainers/data/strong_augmentation.h"
#include "trainers/torch.h"

namespace mat {

struct Batch {
  // Pictures: uint8 [N, H, W, 3], not normalized; CPU. Its memory goes back to where it came from
  // when the last tensor that uses it ends, which may be after the source of the batches ended.
  torch::Tensor inputs;
  torch::Tensor targets;  // int64 [N]
  // Of the batch that this is a part of, with those of all parts; otherwise the same.
  torch::Tensor whole_targets;
};

// One labelled picture of a training, in the cache.
struct LabelledPicture {
  ImageView view;
  int label = 0;
};

// Assembles batches: with threads of its own, a few ahead of whoever computes, or in the threads
// that LibTorch computes with. To be used by one thread at a time.
class PictureBatches {
 public:
  struct Options {
    int size = 128;  // pictures become size × size
    int batch_size = 32;
    // Its own. None: a batch is made when it is taken, by all of LibTorch's threads, which is the
    // faster way where these have all the cores: one more would take theirs, and they wait for one
    // another.
    int threads = 0;
    std::uint64_t seed = 0;
    // Training: shuffled, augmented; a last batch that is smaller is left out when there is a full
    // one, or its pictures are spread over the others, which become a little larger. Otherwise in
    // order, every picture once, in `view`.
    bool training = true;
    bool spread_rest = false;
    // Of every batch of a training, only this part of so many, which together are all of it. None
    // is empty as long as there are as many pictures as parts, and as many in a batch.
    int part = 0;
    int parts = 1;
    Augmentation augmentation;
    std::optional<StrongAugmentation> strong;  // takes the place of `augmentation`
    View view = View::margin;
  };

  // The pixels must stay until the object ends.
  PictureBatches(std::vector<LabelledPicture> pictures, const Options& options);
  // Does not wait for batches under way to be finished.
  ~PictureBatches();

  std::int64_t batches_per_epoch() const;

  // Begins an epoch (from 0) at a batch of it, whatever was under way. Order and augmentation
  // depend only on seed, epoch and the picture's place, not on threads or timing.
  void start_epoch(int epoch, std::int64_t first_batch = 0);

  // The next batch of the epoch; false at its end, and before the first epoch is started. Rethrows
  // what went wrong in a thread.
  bool next(Batch& batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mat
