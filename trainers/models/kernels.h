#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

// Loops over rows of `channels` numbers each (pictures in channels-last layout), compiled for
// several generations of processors. One thread each; callers give them blocks of rows. Numbers are
// float or, at half the memory traffic, Bf16; everything in between is float.

namespace mat::kernels {

struct Bf16 {
  std::uint16_t bits = 0;
};

// sums[c] += Σ (x - origin[c]) and squares[c] += Σ (x - origin[c])².
template <class T>
void add_moments(const T* x, const float* origin, float* sums, float* squares, std::size_t rows,
                 std::size_t channels);

// y = x * scale[c] + shift[c] (+ residual, if not null), and then its positive part if `relu`.
// NaN stays NaN.
template <class T>
void normalize(const T* x, const T* residual, const float* scale, const float* shift, bool relu,
               T* y, std::size_t rows, std::size_t channels);

// The gradient g before the ReLU, and what the gradients of a normalization's input need of it:
// sums[c] += Σ g and products[c] += Σ g * (x - mean[c]). The ReLU let pass what is not <= 0 in `y`,
// or, where y is null, in x * scale[c] + shift[c]. Writes g to `g` unless that is null.
template <class T>
void add_gradients(const T* gradient, const T* x, const T* y, const float* mean, const float* scale,
                   const float* shift, bool relu, T* g, float* sums, float* products,
                   std::size_t rows, std::size_t channels);

// out = g * a[c] + x * b[c] + d[c], with g as above: masked by x where `relu`.
template <class T>
void combine_gradients(const T* gradient, const T* x, const float* scale, const float* shift,
                       bool relu, const float* a, const float* b, const float* d, T* out,
                       std::size_t rows, std::size_t channels);

// One row of the output of a pooling: the largest of 3x3 pixels, every second pixel, with a border
// of one pixel that never wins. `rows` are the input's rows above, at and below, null outside of
// the picture; `width` is that of the input, (width + 1) / 2 of the output. `winners` gets which of
// the nine it was, the first among equals; NaN wins. `scratch` holds `channels` floats.
template <class T>
void max_pool_row(const T* const rows[3], std::size_t width, std::size_t channels, T* out,
                  std::uint8_t* winners, float* scratch);

// One row of the gradient of its input, from at most two rows of the output's: `lines` says which
// line of their windows the row is, 0 to 2.
template <class T>
void max_pool_gradient_row(const T* const gradients[2], const std::uint8_t* const winners[2],
                           const int lines[2], int count, std::size_t width, std::size_t channels,
                           T* out, float* scratch);

}  // namespace mat::kernels
