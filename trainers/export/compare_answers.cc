#include "trainers/export/compare_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.h"

namespace mat {
namespace {

constexpr double kMostDifference = 1e-4;
constexpr const char* kPicture = "picture";

[[noreturn]] void refuse(const std::string& why, std::size_t number, const char* noun) {
  throw Error(ErrorKind::training_failed,
              fmt::format("the export does not answer as the model does: {} ({} {})", why, noun,
                          number + 1),
              "nothing was written");
}

double checked_difference(const torch::Tensor& model, const torch::Tensor& written,
                          const char* what, std::size_t number, const char* noun) {
  const double difference = (model - written).abs().max().item<double>();
  if (std::isnan(difference)) refuse(fmt::format("a {} is not a number", what), number, noun);
  if (difference > kMostDifference) {
    refuse(fmt::format("a {} differs by {:.3g}, more than {:g}", what, difference, kMostDifference),
           number, noun);
  }
  return difference;
}

}  // namespace

double compare_logits(const torch::Tensor& model, const torch::Tensor& written, std::size_t first,
                      const char* noun) {
  if (model.sizes() != written.sizes()) refuse("it gives another number of logits", first, noun);
  const torch::Tensor chosen = written.argmax(1, /*keepdim=*/true);
  const torch::Tensor wins = model.gather(1, chosen) == model.amax(1, /*keepdim=*/true);
  double largest = 0;
  for (std::int64_t i = 0; i < model.size(0); ++i) {
    const std::size_t number = first + static_cast<std::size_t>(i);
    largest = std::max(largest, checked_difference(model[i], written[i], "logit", number, noun));
    if (!wins[i].item<bool>()) refuse("another class wins", number, noun);
  }
  return largest;
}

void compare_probabilities(const torch::Tensor& model, const torch::Tensor& written,
                           std::size_t picture) {
  if (model.sizes() != written.sizes())
    refuse("it gives another number of chances", picture, kPicture);
  checked_difference(model, written, "probability of predict()", picture, kPicture);
}

}  // namespace mat
