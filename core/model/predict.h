#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/model/picture_feed.h"
#include "core/training/trainer.h"

namespace mat {

// What a model says of a picture, or why it says nothing.
struct Prediction {
  std::string name;
  std::string problem;               // empty: it was answered
  std::string warning;               // the picture is damaged, but there
  std::vector<float> probabilities;  // one for each class; empty with a problem
  DecodeResult decoded;              // the pixels that were asked about
};

struct PredictOptions {
  int threads = 1;      // that read and decode
  int batch_size = 32;  // pictures that are asked about together at most
};

// Asks the model about all that the source has, and gives each answer in the order of the source
// as soon as those before it are there: nothing waits for a batch to be full. What the model cannot
// answer is a problem of those pictures. `give` may throw, which ends it.
void predict(PictureModel& model, const ModelDescription& description, PictureFeed::Source source,
             const PredictOptions& options, const std::function<void(const Prediction&)>& give);

// The classes with the highest probabilities, the highest first, the first of equals first.
std::vector<std::size_t> top_classes(const std::vector<float>& probabilities, std::size_t count);

}  // namespace mat
