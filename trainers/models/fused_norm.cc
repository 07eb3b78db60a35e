#include "trainers/models/fused_norm.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>
#include <vector>

#include "trainers/models/shared_norm.h"
#include "trainers/models/tensor_rows.h"

namespace mat {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Sums within a block are floats and blocks are summed in their order, so that the result is exact
// enough and does not depend on the number of threads.
constexpr std::int64_t kRowsPerBlock = 512;

struct Shape {
  explicit Shape(const torch::Tensor& x)
      : rows(x.size(0) * x.size(2) * x.size(3)),
        channels(x.size(1)),
        blocks((rows + kRowsPerBlock - 1) / kRowsPerBlock) {}

  // Calls f(block, first place, rows) for all blocks, in the threads.
  template <class Function>
  void for_blocks(const Function& f) const {
    at::parallel_for(0, blocks, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t block = begin; block < end; ++block) {
        const std::int64_t first = block * kRowsPerBlock;
        f(block, first * channels, std::min(kRowsPerBlock, rows - first));
      }
    });
  }

  std::int64_t rows;
  std::int64_t channels;
  std::int64_t blocks;
};

// Two sums for every channel.
struct Sums {
  explicit Sums(const Shape& shape)
      : channels(shape.channels), parts(2 * shape.blocks * shape.channels, 0.0F) {}

  float* first(std::int64_t block) { return parts.data() + 2 * block * channels; }
  float* second(std::int64_t block) { return first(block) + channels; }

  std::pair<double, double> of_channel(std::int64_t c) const {
    double one = 0;
    double two = 0;
    for (std::size_t i = c; i < parts.size(); i += 2 * channels) {
      one += parts[i];
      two += parts[i + channels];
    }
    return {one, two};
  }

  std::int64_t channels;
  std::vector<float> parts;
};

struct Running {
  float* mean;
  float* variance;
  double momentum;

  void update(std::int64_t c, double batch_mean, double batch_variance) const {
    mean[c] = static_cast<float>((1 - momentum) * mean[c] + momentum * batch_mean);
    variance[c] = static_cast<float>((1 - momentum) * variance[c] + momentum * batch_variance);
  }
};

class FusedNorm : public torch::autograd::Function<FusedNorm> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               const torch::Tensor& none_or_residual,
                               torch::nn::BatchNorm2dImpl* norm, bool relu) {
    const auto residual = none_or_residual.dim() == 4 ? none_or_residual : torch::Tensor();
    const Shape shape(x);
    auto mean = torch::empty({shape.channels}, torch::kFloat32);
    auto deviation = torch::empty_like(mean);
    auto scale = torch::empty_like(mean);
    auto shift = torch::empty_like(mean);
    auto y = torch::empty_like(x);
    double count = 0;
    with_type_of(x, [&](auto* null) {
      using T = std::remove_pointer_t<decltype(null)>;
      count = find_moments<T>(shape, x, *norm, mean, deviation);
      for (std::int64_t c = 0; c < shape.channels; ++c) {
        const float factor = data<float>(weight)[c] / data<float>(deviation)[c];
        data<float>(scale)[c] = factor;
        data<float>(shift)[c] = data<float>(bias)[c] - data<float>(mean)[c] * factor;
      }
      shape.for_blocks([&](std::int64_t, std::int64_t place, std::int64_t rows) {
        const T* more = data<T>(residual);
        kernels::normalize<T>(data<T>(x) + place, more ? more + place : nullptr, data<float>(scale),
                              data<float>(shift), relu, data<T>(y) + place, rows, shape.channels);
      });
    });
    const bool mask_by_y = relu && residual.defined();
    context->save_for_backward(
        {x, weight, mean, deviation, scale, shift, mask_by_y ? y : torch::Tensor()});
    context->saved_data["relu"] = relu;
    context->saved_data["residual"] = residual.defined();
    context->saved_data["count"] = count;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto& [x, weight, mean, deviation, scale, shift, y] =
        std::tie(saved[0], saved[1], saved[2], saved[3], saved[4], saved[5], saved[6]);
    const bool relu = context->saved_data["relu"].toBool();
    const bool has_residual = context->saved_data["residual"].toBool();
    const auto gradient = like(x, gradients[0]);
    const Shape shape(x);
    auto x_gradient = torch::empty_like(x);
    auto weight_gradient = torch::empty_like(weight);
    auto bias_gradient = torch::empty_like(weight);
    // Without a ReLU the gradient of the residual is the gradient itself.
    auto masked = has_residual ? (relu ? torch::empty_like(x) : gradient) : torch::Tensor();
    with_type_of(x, [&](auto* null) {
      using T = std::remove_pointer_t<decltype(null)>;
      const bool write = has_residual && relu;
      Sums sums(shape);
      shape.for_blocks([&](std::int64_t block, std::int64_t place, std::int64_t rows) {
        kernels::add_gradients<T>(data<T>(gradient) + place, data<T>(x) + place,
                                  y.defined() ? data<T>(y) + place : nullptr, data<float>(mean),
                                  data<float>(scale), data<float>(shift), relu,
                                  write ? data<T>(masked) + place : nullptr, sums.first(block),
                                  sums.second(block), rows, shape.channels);
      });
      std::vector<float> a(shape.channels);
      std::vector<float> b(shape.channels);
      std::vector<float> d(shape.channels);
      const double count = context->saved_data["count"].toDouble();
      // Σ g of every channel, then Σ g * (x - mean).
      auto totals = torch::empty({2 * shape.channels}, torch::kFloat64);
      for (std::int64_t c = 0; c < shape.channels; ++c) {
        const auto [sum, product] = sums.of_channel(c);
        data<double>(totals)[c] = sum;
        data<double>(totals)[shape.channels + c] = product;
        data<float>(bias_gradient)[c] = static_cast<float>(sum);
        data<float>(weight_gradient)[c] =
            static_cast<float>(product / static_cast<double>(data<float>(deviation)[c]));
      }
      if (const SumOfAll* sum_all = sum_for_norms()) (*sum_all)(totals);
      for (std::int64_t c = 0; c < shape.channels; ++c) {
        const double sum = data<double>(totals)[c];
        const double product = data<double>(totals)[shape.channels + c];
        const double deviation_c = data<float>(deviation)[c];
        const double slope = data<float>(scale)[c];
        const double bend = -slope * product / (count * deviation_c * deviation_c);
        a[c] = static_cast<float>(slope);
        b[c] = static_cast<float>(bend);
        d[c] = static_cast<float>(-slope * sum / count - bend * data<float>(mean)[c]);
      }
      const auto& g = write ? masked : gradient;
      shape.for_blocks([&](std::int64_t, std::int64_t place, std::int64_t rows) {
        kernels::combine_gradients<T>(data<T>(g) + place, data<T>(x) + place, data<float>(scale),
                                      data<float>(shift), relu && !write, a.data(), b.data(),
                                      d.data(), data<T>(x_gradient) + place, rows, shape.channels);
      });
    });
    return {x_gradient, weight_gradient, bias_gradient, masked, torch::Tensor(), torch::Tensor()};
  }

 private:
  // Gives how many values of each channel they are of.
  template <class T>
  static double find_moments(const Shape& shape, const torch::Tensor& x,
                             torch::nn::BatchNorm2dImpl& norm, torch::Tensor& mean,
                             torch::Tensor& deviation) {
    // Distances from a value of the channel itself: squares of numbers far from zero would drown
    // their variance.
    std::vector<float> origin(shape.channels);
    const auto first = x.select(0, 0).select(1, 0).select(1, 0).to(torch::kFloat32).contiguous();
    std::copy_n(data<float>(first), shape.channels, origin.begin());
    Sums sums(shape);
    shape.for_blocks([&](std::int64_t block, std::int64_t place, std::int64_t rows) {
      kernels::add_moments<T>(data<T>(x) + place, origin.data(), sums.first(block),
                              sums.second(block), rows, shape.channels);
    });
    const Running running{data<float>(norm.running_mean), data<float>(norm.running_var),
                          *norm.options.momentum()};
    double count = static_cast<double>(shape.rows);
    auto means = torch::empty({shape.channels}, torch::kFloat64);
    auto variances = torch::empty_like(means);
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const auto [sum, square] = sums.of_channel(c);
      const double distance = sum / count;
      data<double>(means)[c] = origin[c] + distance;
      data<double>(variances)[c] = std::max(0.0, square / count - distance * distance);
    }
    if (const SumOfAll* sum_all = sum_for_norms()) {
      const Moments all = moments_of_all(count, means, variances, *sum_all);
      count = all.count.item<double>();
      means = all.mean;
      variances = all.variance;
    }
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const double variance = data<double>(variances)[c];
      data<float>(mean)[c] = static_cast<float>(data<double>(means)[c]);
      data<float>(deviation)[c] = static_cast<float>(std::sqrt(variance + norm.options.eps()));
      running.update(c, data<double>(means)[c], variance * count / (count - 1));
    }
    return count;
  }
};

bool can_fuse(const torch::nn::BatchNorm2dImpl& norm, const torch::Tensor& x,
              const torch::Tensor& residual) {
  return norm.is_training() && norm.options.momentum().has_value() && suits_kernels(x) &&
         x.numel() > x.size(1) && norm.weight.scalar_type() == torch::kFloat32 &&
         (!residual.defined() || (suits_kernels(residual) && residual.sizes() == x.sizes() &&
                                  residual.scalar_type() == x.scalar_type()));
}

}  // namespace

torch::Tensor fused_norm(torch::nn::BatchNorm2dImpl& norm, const torch::Tensor& x, bool relu,
                         const torch::Tensor& residual) {
  if (can_fuse(norm, x, residual)) {
    norm.num_batches_tracked += 1;
    // LibTorch 1.13 takes no undefined tensor here: an empty one stands for none.
    const auto none_or_residual = residual.defined() ? residual : torch::empty({0});
    return FusedNorm::apply(x, norm.weight, norm.bias, none_or_residual, &norm, relu);
  }
  auto y = shared_norm(norm, x);
  if (residual.defined()) y += residual;
  return relu ? y.relu_() : y;
}

}  // namespace mat
