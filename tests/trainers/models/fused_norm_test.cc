#include "trainers/models/fused_norm.h"

#include <ATen/Parallel.h>

#include <limits>

#include "tests/trainers/catch.h"

namespace mat {
namespace {

constexpr auto kChannelsLast = torch::MemoryFormat::ChannelsLast;

struct Result {
  torch::Tensor y;
  torch::Tensor x_gradient, residual_gradient, weight_gradient, bias_gradient;
  torch::Tensor running_mean, running_var;
};

struct Case {
  torch::Tensor x, residual, gradient;  // residual may be undefined
  bool relu = true;
};

Case make_case(torch::IntArrayRef sizes, bool relu, bool residual, torch::ScalarType type) {
  torch::manual_seed(5);
  const auto random = [&] { return torch::randn(sizes).to(type).contiguous(kChannelsLast); };
  Case result;
  result.x = (random() * 2 + 3).contiguous(kChannelsLast);
  if (residual) result.residual = random();
  result.gradient = random();
  result.relu = relu;
  return result;
}

torch::nn::BatchNorm2d make_norm(std::int64_t channels) {
  torch::manual_seed(6);
  torch::nn::BatchNorm2d norm(torch::nn::BatchNorm2dOptions(channels).momentum(0.3));
  const torch::NoGradGuard no_grad;
  norm->weight.normal_();
  norm->bias.normal_();
  return norm;
}

// The separate operations in double precision, or the fused ones in the type of the case.
Result run(const Case& c, bool fused) {
  auto norm = make_norm(c.x.size(1));
  const auto type = fused ? c.x.scalar_type() : torch::kFloat64;
  if (!fused) norm->to(torch::kFloat64);
  const auto x = c.x.to(type).clone().requires_grad_(true);
  const auto residual =
      c.residual.defined() ? c.residual.to(type).clone().requires_grad_(true) : torch::Tensor();
  Result result;
  if (fused) {
    result.y = fused_norm(*norm, x, c.relu, residual);
  } else {
    result.y = norm(x);
    if (residual.defined()) result.y = result.y + residual;
    if (c.relu) result.y = result.y.relu();
  }
  result.y.backward(c.gradient.to(type));
  result.x_gradient = x.grad();
  if (residual.defined()) result.residual_gradient = residual.grad();
  result.weight_gradient = norm->weight.grad();
  result.bias_gradient = norm->bias.grad();
  result.running_mean = norm->running_mean;
  result.running_var = norm->running_var;
  CHECK(norm->num_batches_tracked.item<int>() == 1);
  return result;
}

void expect_near(const char* what, const torch::Tensor& fused, const torch::Tensor& exact,
                 double tolerance) {
  CAPTURE(what);
  REQUIRE(fused.defined() == exact.defined());
  if (!fused.defined()) return;
  const double scale = std::max(1.0, exact.abs().max().item<double>());
  CHECK((fused.to(torch::kFloat64) - exact).abs().max().item<double>() < tolerance * scale);
}

TEST_CASE("the fused normalization gives what the separate operations give") {
  const std::vector<std::vector<std::int64_t>> shapes = {
      {2, 64, 9, 7}, {3, 5, 20, 20}, {1, 1, 2, 1}, {2, 2048, 2, 2}};
  for (const auto& shape : shapes) {
    for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
      for (const bool relu : {true, false}) {
        for (const bool residual : {true, false}) {
          CAPTURE(shape, relu, residual, c10::toString(type));
          const auto c = make_case(shape, relu, residual, type);
          const auto fused = run(c, true);
          const auto exact = run(c, false);
          const double tolerance = type == torch::kFloat32 ? 1e-5 : 1e-2;
          CHECK(fused.y.scalar_type() == type);
          CHECK(fused.y.is_contiguous(kChannelsLast));
          expect_near("y", fused.y, exact.y, tolerance);
          expect_near("running mean", fused.running_mean, exact.running_mean, 1e-5);
          expect_near("running variance", fused.running_var, exact.running_var, 1e-5);
          if (shape[0] * shape[2] * shape[3] <= 2) continue;  // gradients are all but zero
          expect_near("gradient of x", fused.x_gradient, exact.x_gradient, tolerance);
          expect_near("of the residual", fused.residual_gradient, exact.residual_gradient,
                      tolerance);
          expect_near("of the weight", fused.weight_gradient, exact.weight_gradient, tolerance);
          expect_near("of the bias", fused.bias_gradient, exact.bias_gradient, tolerance);
        }
      }
    }
  }
}

TEST_CASE("a channel far from zero keeps its variance") {
  auto c = make_case({4, 3, 16, 16}, false, false, torch::kFloat32);
  c.x = ((c.x - 3) * 0.5 + 10'000).contiguous(kChannelsLast);
  const auto fused = run(c, true);
  expect_near("running variance", fused.running_var, run(c, false).running_var, 1e-3);
}

TEST_CASE("NaN is not hidden by a ReLU") {
  auto c = make_case({2, 4, 8, 8}, true, false, torch::kBFloat16);
  c.x.index_put_({0, 1, 2, 3}, std::numeric_limits<float>::quiet_NaN());
  const auto fused = run(c, true);
  CHECK(fused.y.select(1, 1).isnan().all().item<bool>());
  CHECK_FALSE(fused.y.select(1, 0).isnan().any().item<bool>());
}

TEST_CASE("the number of threads does not change a bit of the result") {
  const auto c = make_case({4, 24, 33, 31}, true, true, torch::kBFloat16);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = run(c, true);
  at::set_num_threads(2);
  const auto two = run(c, true);
  at::set_num_threads(before);
  CHECK(torch::equal(one.y, two.y));
  CHECK(torch::equal(one.x_gradient, two.x_gradient));
  CHECK(torch::equal(one.weight_gradient, two.weight_gradient));
}

TEST_CASE("a normalization that is not training, or not channels last, is left to LibTorch") {
  auto norm = make_norm(3);
  const auto x = torch::randn({2, 3, 4, 5});
  const auto residual = torch::randn({2, 3, 4, 5});
  const auto trained = fused_norm(*norm, x, true, residual);
  CHECK(torch::allclose(trained, (make_norm(3)(x) + residual).relu()));
  norm->eval();
  const auto mean = norm->running_mean.clone();
  const auto last = x.contiguous(kChannelsLast);
  CHECK(torch::allclose(fused_norm(*norm, last, false), norm(x)));
  CHECK(torch::equal(norm->running_mean, mean));
}

}  // namespace
}  // namespace mat
