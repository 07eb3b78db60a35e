#include "trainers/exeml/linear_probe.h"

#include "tests/trainers/catch.h"

namespace mat {

TEST_CASE("A linear probe learns what is separable and its penalty keeps it from noise") {
  torch::manual_seed(1);
  const std::int64_t count = 300;
  const torch::Tensor labels = torch::arange(count).remainder(3);
  torch::Tensor features = torch::randn({2, count, 40});
  for (int c = 0; c < 3; ++c) {
    features.select(2, c).add_(3 * labels.eq(c).to(torch::kFloat));
  }
  features = features * 100 + 7;  // features come in any scale
  std::vector<int> folds;
  for (std::int64_t i = 0; i < count; ++i) folds.push_back(static_cast<int>(i / 3 % 5));
  const LinearProbe probe = fit_linear_probe(features, labels, 3, folds, [] { return true; });
  const auto accuracy = [&](const torch::Tensor& p) {
    return p.argmax(1).eq(labels).to(torch::kDouble).mean().item<double>();
  };
  CHECK(accuracy(probe.out_of_sample) > 0.93);
  CHECK(probe.decay > 1e-4);
  CHECK(probe.out_of_sample.sum(1).allclose(torch::ones({count})));
  const torch::Tensor all =
      torch::matmul(features, probe.weight.t()).add(probe.bias).softmax(-1).mean(0);
  CHECK(accuracy(all) >= accuracy(probe.out_of_sample));
}

TEST_CASE("Labels that tell nothing are not learnt by heart") {
  torch::manual_seed(2);
  const torch::Tensor labels = torch::randint(2, {100}, torch::kLong);
  std::vector<int> folds;
  for (int i = 0; i < 100; ++i) folds.push_back(i % 5);
  const LinearProbe probe =
      fit_linear_probe(torch::randn({1, 100, 20}), labels, 2, folds, [] { return true; });
  CHECK(probe.log_loss < 0.75);  // ln 2 = 0.69
}

TEST_CASE("A probe that has no time for all penalties takes the best so far") {
  torch::manual_seed(3);
  const torch::Tensor labels = torch::arange(60).remainder(2);
  const torch::Tensor features = torch::randn({1, 60, 10}) + labels.view({60, 1}).to(torch::kFloat);
  std::vector<int> folds;
  for (int i = 0; i < 60; ++i) folds.push_back(i / 2 % 3);
  int asked = 0;
  fit_linear_probe(features, labels, 2, folds, [&] { return ++asked > 0; });
  const int all = asked;
  asked = 0;
  const LinearProbe some =
      fit_linear_probe(features, labels, 2, folds, [&] { return ++asked < all / 2; });
  CHECK(some.weight.defined());
  CHECK(some.out_of_sample.defined());
  const auto accuracy = [&](const LinearProbe& probe) {
    const torch::Tensor logits = torch::matmul(features[0], probe.weight.t()) + probe.bias;
    return logits.argmax(1).eq(labels).to(torch::kDouble).mean().item<double>();
  };
  CHECK(accuracy(some) > 0.85);

  const LinearProbe none = fit_linear_probe(features, labels, 2, folds, [] { return false; });
  CHECK_FALSE(none.out_of_sample.defined());
  CHECK(accuracy(none) > 0.85);
}

}  // namespace mat
