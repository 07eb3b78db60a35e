#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/dataset/pixel_cache.h"
#include "core/image/resize.h"
#include "trainers/torch.h"

namespace mat {

struct Batch {
  torch::Tensor inputs;               // pictures: uint8 [N, H, W, 3], not normalized; CPU
  torch::Tensor targets;              // int64 [N]
  std::vector<std::int64_t> samples;  // places in the list the source was made from
};

struct Augmentation {
  double crop_min_area = 0.35;  // random resized crop: part of the area, up to 1
  double crop_max_aspect = 4.0 / 3.0;
  bool flip = true;
};

// One labelled picture of a training, in the cache.
struct LabelledPicture {
  ImageView view;
  int label = 0;
};

// Assembles batches with threads of its own, a few ahead of whoever computes.
class PictureBatches {
 public:
  struct Options {
    int size = 128;  // pictures become size × size
    int batch_size = 32;
    int threads = 1;
    std::uint64_t seed = 0;
    // Training: shuffled, augmented; a last batch that is smaller is left out when there is a full
    // one. Otherwise in order, the whole centre: the shorter side becomes size * 1.14, then the
    // centre square of size (torchvision's evaluation preset), every picture once.
    bool training = true;
    Augmentation augmentation;
  };
  PictureBatches(std::vector<LabelledPicture> pictures, const Options& options);
  ~PictureBatches();

  std::int64_t batches_per_epoch() const;

  // Begins an epoch (from 0) at a batch of it. Order and augmentation depend only on seed, epoch
  // and the picture's place, not on threads or timing.
  void start_epoch(int epoch, std::int64_t first_batch = 0);

  // The next batch of the epoch; false at its end. Rethrows what went wrong in a thread.
  bool next(Batch& batch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The evaluation view of one picture, size*size*3 bytes: what training's validation, prediction and
// services all use.
void evaluation_view(const ImageView& picture, int size, std::uint8_t* out, ResizeScratch& scratch);

}  // namespace mat
