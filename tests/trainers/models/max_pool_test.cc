#include "trainers/models/max_pool.h"

#include <limits>

#include "tests/trainers/catch.h"

namespace mat {
namespace {

TEST_CASE("the pooling gives LibTorch's values and gradients, to the bit") {
  torch::manual_seed(2);
  const std::vector<std::vector<std::int64_t>> shapes = {
      {2, 64, 8, 8}, {1, 3, 7, 9}, {3, 5, 1, 1}, {1, 33, 2, 1}, {2, 17, 1, 6}};
  for (const auto& shape : shapes) {
    for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
      CAPTURE(shape, c10::toString(type));
      // Whole numbers make equal pixels, among which the first must win; gradients of whole numbers
      // add up exactly.
      const auto pixels =
          torch::randint(-3, 3, shape).to(type).contiguous(torch::MemoryFormat::ChannelsLast);
      const auto ours = pixels.clone().requires_grad_(true);
      const auto theirs = pixels.clone().contiguous().requires_grad_(true);
      const auto y = max_pool_3x3(ours);
      const auto expected = torch::max_pool2d(theirs, 3, 2, 1);
      REQUIRE(torch::equal(y, expected));
      CHECK(y.is_contiguous(torch::MemoryFormat::ChannelsLast));
      const auto gradient = torch::randint(-9, 9, y.sizes()).to(type);
      y.backward(gradient);
      expected.backward(gradient);
      CHECK(torch::equal(ours.grad(), theirs.grad()));
    }
  }
}

TEST_CASE("the pooling lets NaN through and stands infinities") {
  const float infinity = std::numeric_limits<float>::infinity();
  auto x = torch::full({1, 2, 4, 4}, -infinity).contiguous(torch::MemoryFormat::ChannelsLast);
  x.index_put_({0, 0, 1, 1}, std::numeric_limits<float>::quiet_NaN());
  const auto y = max_pool_3x3(x);
  CHECK(y.select(1, 0).isnan().all().item<bool>());
  CHECK(torch::equal(y.select(1, 1), torch::full({1, 2, 2}, -infinity)));
}

}  // namespace
}  // namespace mat
