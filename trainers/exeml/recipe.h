#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "trainers/data/strong_augmentation.h"

namespace mat {

// How an image classifier is trained within a time. Times are parts of the training's own.
struct Recipe {
  struct Size {
    double from = 0;  // from this time on
    int pixels = 64;
  };

  std::string name;                      // for people: "resnet18_w32 64-96px"
  std::string network = "resnet18_w32";  // see make_image_network()
  double lr = 0.05;
  double weight_decay = 5e-3;
  double momentum = 0.9;
  int batch_size = 32;
  double warmup = 0.1;
  double label_smoothing = 0.1;
  double mix = 0.5;        // how often two pictures are mixed, by mixup or cutmix in turn
  double mix_until = 0.8;  // none afterwards
  std::vector<Size> sizes = {{0, 64}};  // by time; the first begins at 0
  StrongAugmentation augmentation;

  int last_size() const { return sizes.back().pixels; }
};

Json to_json(const Recipe& recipe);
Recipe recipe_from_json(const Json& json);  // what to_json() gave

}  // namespace mat
