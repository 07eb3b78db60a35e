#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/cache/content.h"
#include "core/cache/pixel_cache.h"
#include "core/training/known_contents.h"
#include "core/training/trainer.h"
#include "trainers/data/picture_batches.h"

namespace mat {

// The pictures of one training, decoded, in memory as long as this lives.
struct ImageData {
  std::vector<std::string> classes;
  std::vector<LabelledPicture> train, validation;
  std::vector<Content> train_contents;  // of their files
  KnownContents known;                  // all of them
  // Of each, relative to the data folder.
  std::vector<std::string> train_names, validation_names;
  std::unique_ptr<PixelCache> cache;  // owns the pixels
  int short_side = 0;                 // of the pixels, where a picture is that large

  Json description;               // see describe_dataset()
  PixelCache::Statistics loaded;  // where the pixels came from
};

// What a training wants of its pictures.
struct ImageNeeds {
  int short_side = 0;  // of the pixels
  double validation_ratio = 0.2;
  // Asked now and then while pictures are read, may be empty: when it says no, those that have not
  // been read are left out. They are read in an order by chance then, so that the rest is fair.
  std::function<bool()> go_on;
};
// Of an algorithm with the hyperparameters image_size, crop_min_area and validation_ratio.
ImageNeeds image_needs(const Json& hyperparameters);

// Reads request.inputs["data_url"], a folder or a manifest. Files that are no pictures are left
// out, counted and listed in the log. Throws usage errors, also for pictures that have changed
// since they were published, and an interrupted error when a stop was requested. Records nothing.
ImageData read_image_data(const TrainRequest& request, const ImageNeeds& needs,
                          TrainObserver& observer);

// Records "dataset" and "pictures".
void record_image_data(const ImageData& data, TrainObserver& observer);

// Throws a usage error when it cannot be trained with: a class without pictures, fewer than two
// classes, nothing to validate on.
void check_image_data(const ImageData& data);

}  // namespace mat
