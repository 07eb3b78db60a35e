#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/training/trainer.h"

namespace mat {

// Answers by the mean colour of a picture: red, green or blue.
class ColourModel final : public PictureModel {
 public:
  std::vector<std::size_t> batches;
  // What it answers for pictures that are blue, instead.
  std::optional<float> of_blue;
  bool fails = false;

  std::vector<float> answer(const std::vector<ImageView>& pictures) override {
    batches.push_back(pictures.size());
    if (fails) throw Error(ErrorKind::usage, "the program has stopped");
    std::vector<float> answers;
    for (const ImageView& picture : pictures) {
      double sums[3] = {1, 1, 1};
      for (int i = 0; i < picture.width * picture.height * 3; ++i) {
        sums[i % 3] += picture.pixels[i];
      }
      const double all = sums[0] + sums[1] + sums[2];
      for (const double sum : sums) {
        const bool is_odd = of_blue && sums[2] > sums[0];
        answers.push_back(is_odd ? *of_blue : static_cast<float>(sum / all));
      }
    }
    return answers;
  }
  Heatmap heatmap(const ImageView&, int) override { return {1, 1, {1}}; }
  Json facts() const override { return {{"device", "cpu"}}; }
};

inline ModelDescription colour_description() {
  ModelDescription description;
  description.network = "small_cnn";
  description.classes = {"red", "green", "blue"};
  description.preprocessing.image_size = 8;
  description.preprocessing.short_side = 16;
  description.preprocessing.mean = {0, 0, 0};
  description.preprocessing.deviation = {1, 1, 1};
  return description;
}

}  // namespace mat
