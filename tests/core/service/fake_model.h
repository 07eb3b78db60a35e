#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "core/base/error.h"
#include "core/training/trainer.h"

namespace mat {

inline ModelDescription fake_description(std::vector<std::string> classes = {"red", "green",
                                                                             "blue"}) {
  ModelDescription description;
  description.network = "fake";
  description.classes = std::move(classes);
  description.preprocessing.image_size = description.preprocessing.short_side = 16;
  return description;
}

// What a test tells a model to do, and sees of it.
struct FakeControl {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_held = false;  // answers wait until it is not
  bool fails = false;
  std::vector<std::size_t> batches;

  void hold(bool held) {
    const std::lock_guard lock(mutex);
    is_held = held;
    changed.notify_all();
  }
  // Until so many batches have begun.
  void wait_for_batches(std::size_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return batches.size() >= count; });
  }
};

// Says which of red, green and blue is the strongest in a picture's first pixel.
class FakeModel : public PictureModel {
 public:
  explicit FakeModel(std::shared_ptr<FakeControl> control) : control_(std::move(control)) {}

  std::vector<float> answer(const std::vector<ImageView>& pictures) override {
    {
      std::unique_lock lock(control_->mutex);
      control_->batches.push_back(pictures.size());
      control_->changed.notify_all();
      control_->changed.wait(lock, [&] { return !control_->is_held; });
      if (control_->fails) throw Error(ErrorKind::io, "the model is broken");
    }
    std::vector<float> answers;
    for (const ImageView& picture : pictures) {
      const float sum = 1e-6F + picture.pixels[0] + picture.pixels[1] + picture.pixels[2];
      for (int c = 0; c < 3; ++c) answers.push_back(picture.pixels[c] / sum);
    }
    return answers;
  }
  Heatmap heatmap(const ImageView&, int) override { return {}; }
  Json facts() const override { return {{"device", "fake"}}; }

 private:
  std::shared_ptr<FakeControl> control_;
};

}  // namespace mat
