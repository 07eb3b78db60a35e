#include "trainers/export/compare_answers.h"

#include <limits>
#include <string>

#include "core/base/error.h"
#include "tests/trainers/catch.h"

namespace mat {
namespace {

std::string refusal(const torch::Tensor& model, const torch::Tensor& written) {
  try {
    compare_logits(model, written, 4);
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

torch::Tensor logits(const std::vector<float>& second) {
  return torch::stack({torch::tensor({1.0F, 2.0F, 3.0F}), torch::tensor(second)});
}

}  // namespace

TEST_CASE("logits that are nearly the model's are taken, and how far they are is told") {
  const torch::Tensor model = logits({1, 0, -1});
  CHECK(compare_logits(model, model, 0) == 0);
  CHECK(compare_logits(model, logits({1, 0, -1 + 5e-5F}), 0) == Approx(5e-5).epsilon(0.01));
  CHECK(refusal(model, logits({1, 0, -1 - 5e-5F})) == "");
}

TEST_CASE("one logit that differs by more than 1e-4 is refused, with the picture's number") {
  const torch::Tensor model = logits({1, 0, -1});
  CHECK_THAT(refusal(model, logits({1, 0, -1 + 2e-4F})),
             Catch::Contains("differs by 0.0002, more than 0.0001 (picture 6)"));
  CHECK_THAT(refusal(model, logits({1 - 2e-4F, 0, -1})), Catch::Contains("differs by"));
  CHECK_THAT(refusal(model, model.slice(1, 0, 2)), Catch::Contains("another number of logits"));
}

TEST_CASE("another winner is refused however near it is, but not among equals") {
  const torch::Tensor near = logits({1, 1 + 4e-5F, 0});
  CHECK_THAT(refusal(near, logits({1 + 4e-5F, 1, 0})),
             Catch::Contains("another class wins (picture 6)"));
  const torch::Tensor equal = logits({1, 1, 0});
  CHECK(refusal(equal, logits({1 + 4e-5F, 1, 0})) == "");
  CHECK(refusal(equal, logits({1, 1 + 4e-5F, 0})) == "");
  // Equal ones of the file alone: the first wins there.
  CHECK_THAT(refusal(near, equal), Catch::Contains("another class wins"));
}

TEST_CASE("what is not a number is refused, of the model and of the file") {
  const float none = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [model, written] : {std::pair(logits({none, 0, 1}), logits({none, 0, 1})),
                                       std::pair(logits({1, 0, -1}), logits({1, none, -1}))}) {
    CHECK_THAT(refusal(model, written), Catch::Contains("a logit is not a number (picture 6)"));
  }
}

TEST_CASE("probabilities are compared as logits are, without a winner") {
  const torch::Tensor model = torch::tensor({0.5F, 0.5F});
  compare_probabilities(model, torch::tensor({0.50005F, 0.49995F}), 0);
  CHECK_THROWS_AS(compare_probabilities(model, torch::tensor({0.5002F, 0.4998F}), 0), Error);
  CHECK_THROWS_AS(compare_probabilities(model, model * std::nanf(""), 0), Error);
  CHECK_THROWS_AS(compare_probabilities(model, torch::tensor({0.5F}), 0), Error);
}

}  // namespace mat
