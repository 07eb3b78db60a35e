#include "trainers/models/max_pool.h"

#include <ATen/Parallel.h>

#include <type_traits>
#include <vector>

#include "trainers/models/tensor_rows.h"

namespace mat {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class MaxPool : public torch::autograd::Function<MaxPool> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x) {
    const auto height = (x.size(2) + 1) / 2;
    const auto width = (x.size(3) + 1) / 2;
    const auto options = x.options().memory_format(torch::MemoryFormat::ChannelsLast);
    auto y = torch::empty({x.size(0), x.size(1), height, width}, options);
    auto winners = torch::empty(y.sizes(), options.dtype(torch::kUInt8));
    with_type_of(x, [&](auto* null) {
      using T = std::remove_pointer_t<decltype(null)>;
      pool<T>(x, y, winners);
    });
    context->save_for_backward({winners});
    context->saved_data["height"] = x.size(2);
    context->saved_data["width"] = x.size(3);
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto winners = context->get_saved_variables()[0];
    const auto gradient = gradients[0].contiguous(torch::MemoryFormat::ChannelsLast);
    auto x_gradient =
        torch::empty({gradient.size(0), gradient.size(1), context->saved_data["height"].toInt(),
                      context->saved_data["width"].toInt()},
                     gradient.options().memory_format(torch::MemoryFormat::ChannelsLast));
    with_type_of(gradient, [&](auto* null) {
      using T = std::remove_pointer_t<decltype(null)>;
      spread<T>(gradient, winners, x_gradient);
    });
    return {x_gradient};
  }

 private:
  template <class T>
  static void pool(const torch::Tensor& x, torch::Tensor& y, torch::Tensor& winners) {
    const auto channels = x.size(1);
    const auto height = x.size(2);
    const auto row_size = x.size(3) * channels;
    const auto pooled_size = y.size(3) * channels;
    at::parallel_for(0, y.size(0) * y.size(2), 1, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> scratch(channels);
      for (std::int64_t i = begin; i < end; ++i) {
        const auto top = 2 * (i % y.size(2)) - 1;
        const T* picture = data<T>(x) + i / y.size(2) * height * row_size;
        const T* rows[3];
        for (int line = 0; line < 3; ++line) {
          const auto row = top + line;
          rows[line] = row >= 0 && row < height ? picture + row * row_size : nullptr;
        }
        kernels::max_pool_row<T>(rows, x.size(3), channels, data<T>(y) + i * pooled_size,
                                 data<std::uint8_t>(winners) + i * pooled_size, scratch.data());
      }
    });
  }

  template <class T>
  static void spread(const torch::Tensor& gradient, const torch::Tensor& winners,
                     torch::Tensor& x_gradient) {
    const auto channels = gradient.size(1);
    const auto pooled_height = gradient.size(2);
    const auto pooled_size = gradient.size(3) * channels;
    const auto height = x_gradient.size(2);
    const auto row_size = x_gradient.size(3) * channels;
    at::parallel_for(0, x_gradient.size(0) * height, 1, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> scratch(channels);
      for (std::int64_t i = begin; i < end; ++i) {
        const auto row = i % height;
        const T* gradients[2];
        const std::uint8_t* places[2];
        int lines[2];
        int count = 0;
        // An odd row is in the windows of two rows of the output.
        for (auto pooled = row / 2; pooled <= (row + 1) / 2 && pooled < pooled_height; ++pooled) {
          const auto place = (i / height * pooled_height + pooled) * pooled_size;
          gradients[count] = data<T>(gradient) + place;
          places[count] = data<std::uint8_t>(winners) + place;
          lines[count++] = static_cast<int>(row + 1 - 2 * pooled);
        }
        kernels::max_pool_gradient_row<T>(gradients, places, lines, count, x_gradient.size(3),
                                          channels, data<T>(x_gradient) + i * row_size,
                                          scratch.data());
      }
    });
  }
};

}  // namespace

torch::Tensor max_pool_3x3(const torch::Tensor& x) {
  if (suits_kernels(x)) return MaxPool::apply(x);
  return torch::max_pool2d(x, 3, 2, 1);
}

}  // namespace mat
