#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/base/idle_work.h"
#include "core/base/json.h"
#include "core/image/image.h"
#include "core/training/trainer.h"

namespace mat {

// A picture as it came: a file's bytes, or pixels.
using AskedPicture = std::variant<std::string, Image>;

struct PictureAnswer {
  std::vector<float> probabilities;  // one for each class; empty with a problem
  std::string problem;               // why the picture has no answer
  std::string warning;               // the picture is damaged, and was answered all the same
  std::string failure;               // why the model has none: no fault of the picture
};

struct BatcherOptions {
  int batch_size = 32;  // pictures that are answered together at most
  int decode_threads = 2;
  std::size_t queue_pictures = 512;      // that wait or are being answered; more are turned away
  std::size_t queue_bytes = 256 << 20;   // decoded and not yet answered, about
  std::int64_t max_pixels = 50'000'000;  // of one picture, by its header
  // Nobody waits longer: what was asked so long ago is dropped instead of being answered.
  double answer_within_s = 60;
  // Called by the model's thread after each batch.
  std::function<void(std::size_t pictures, double seconds)> answered;
  // Called by the thread that has decoded a picture, or could not.
  std::function<void(double seconds)> decoded;
  std::shared_ptr<IdleWork> idle_work;  // of the model's thread; may be none
};

// A model that answers many who ask at the same time. What comes while it is busy is answered
// together; what comes while it is idle at once. Pictures are decoded by threads of its own, and
// when the model is idle by its own thread, unless they are large. All calls may come from any
// thread.
class Batcher {
 public:
  // Called once, by the thread that will answer: a model belongs to a thread.
  using Open = std::function<std::unique_ptr<PictureModel>()>;
  using Done = std::function<void(std::vector<PictureAnswer>)>;

  // Returns when the model has answered for a blank picture as a classifier of so many classes
  // does, and throws what went wrong.
  Batcher(Open open, ModelDescription description, BatcherOptions options);
  // Answers all that was asked before.
  ~Batcher();

  // `done` is called once, by one of its threads, with the answers in the order of the pictures.
  // What it throws ends nothing but itself. False, and nothing is asked, when too many wait
  // already.
  bool ask(std::vector<AskedPicture> pictures, Done done);

  const ModelDescription& description() const;
  const Json& facts() const;  // the model's, see PictureModel::facts()
  std::size_t waiting() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mat
