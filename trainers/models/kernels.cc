#include "trainers/models/kernels.h"

#include <algorithm>
#include <limits>

// The best version for the processor is chosen when the program is loaded.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MAT_PER_PROCESSOR \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define MAT_PER_PROCESSOR
#endif

namespace mat::kernels {
namespace {

inline float load(float value) { return value; }
inline float load(Bf16 value) { return std::bit_cast<float>(std::uint32_t{value.bits} << 16); }

inline void store(float value, float& out) { out = value; }
// Rounds to the nearest, ties to even.
inline void store(float value, Bf16& out) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  out.bits = static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// What a loop over rows does is known when it is compiled, so that the inner loop has no branches.
template <class T, bool kRelu, bool kResidual>
MAT_PER_PROCESSOR void normalize_rows(const T* __restrict x, const T* __restrict residual,
                                      const float* __restrict scale, const float* __restrict shift,
                                      T* __restrict y, std::size_t rows, std::size_t channels) {
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t place = row * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      float value = load(x[place + c]) * scale[c] + shift[c];
      if (kResidual) value += load(residual[place + c]);
      if (kRelu) value = value <= 0 ? 0 : value;
      store(value, y[place + c]);
    }
  }
}

enum class Mask { none, by_x, by_y };

template <Mask kMask, class T>
inline float masked(T gradient, T x, T y, float scale, float shift) {
  const float g = load(gradient);
  if (kMask == Mask::none) return g;
  const float value = kMask == Mask::by_x ? load(x) * scale + shift : load(y);
  return value <= 0 ? 0 : g;
}

template <class T, Mask kMask, bool kWrite>
MAT_PER_PROCESSOR void add_gradients_of_rows(const T* __restrict gradient, const T* __restrict x,
                                             const T* __restrict y, const float* __restrict mean,
                                             const float* __restrict scale,
                                             const float* __restrict shift, T* __restrict out,
                                             float* __restrict sums, float* __restrict products,
                                             std::size_t rows, std::size_t channels) {
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t place = row * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t i = place + c;
      const float g =
          masked<kMask>(gradient[i], x[i], kMask == Mask::by_y ? y[i] : T{}, scale[c], shift[c]);
      sums[c] += g;
      products[c] += g * (load(x[i]) - mean[c]);
      if (kWrite) store(g, out[i]);
    }
  }
}

template <class T, Mask kMask>
MAT_PER_PROCESSOR void combine_rows(const T* __restrict gradient, const T* __restrict x,
                                    const float* __restrict scale, const float* __restrict shift,
                                    const float* __restrict a, const float* __restrict b,
                                    const float* __restrict d, T* __restrict out, std::size_t rows,
                                    std::size_t channels) {
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t place = row * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      const std::size_t i = place + c;
      const float g = masked<kMask>(gradient[i], x[i], T{}, scale[c], shift[c]);
      store(g * a[c] + load(x[i]) * b[c] + d[c], out[i]);
    }
  }
}

template <class T>
MAT_PER_PROCESSOR void add_moments_of_rows(const T* __restrict x, const float* __restrict origin,
                                           float* __restrict sums, float* __restrict squares,
                                           std::size_t rows, std::size_t channels) {
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t place = row * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      const float distance = load(x[place + c]) - origin[c];
      sums[c] += distance;
      squares[c] += distance * distance;
    }
  }
}

template <class T>
MAT_PER_PROCESSOR void keep_larger(const T* __restrict x, std::uint8_t place,
                                   float* __restrict best, std::uint8_t* __restrict winners,
                                   std::size_t channels) {
  for (std::size_t c = 0; c < channels; ++c) {
    const float value = load(x[c]);
    const bool wins = value > best[c] || value != value;
    best[c] = wins ? value : best[c];
    winners[c] = wins ? place : winners[c];
  }
}

template <class T>
MAT_PER_PROCESSOR void store_all(const float* __restrict from, T* __restrict out,
                                 std::size_t channels) {
  for (std::size_t c = 0; c < channels; ++c) store(from[c], out[c]);
}

template <class T>
MAT_PER_PROCESSOR void add_where_won(const T* __restrict gradient,
                                     const std::uint8_t* __restrict winners, std::uint8_t place,
                                     float* __restrict sums, std::size_t channels) {
  for (std::size_t c = 0; c < channels; ++c) {
    sums[c] += winners[c] == place ? load(gradient[c]) : 0.0F;
  }
}

}  // namespace

template <class T>
void max_pool_row(const T* const rows[3], std::size_t width, std::size_t channels, T* out,
                  std::uint8_t* winners, float* scratch) {
  for (std::size_t place = 0; place < (width + 1) / 2; ++place) {
    std::fill_n(scratch, channels, -std::numeric_limits<float>::infinity());
    // Where all nine are -inf, none is larger than that.
    std::fill_n(winners, channels, std::uint8_t{4});
    for (int i = 0; i < 9; ++i) {
      const std::size_t column = 2 * place + static_cast<std::size_t>(i % 3);  // from 1
      if (rows[i / 3] == nullptr || column == 0 || column > width) continue;
      keep_larger(rows[i / 3] + (column - 1) * channels, static_cast<std::uint8_t>(i), scratch,
                  winners, channels);
    }
    store_all(scratch, out, channels);
    out += channels;
    winners += channels;
  }
}

template <class T>
void max_pool_gradient_row(const T* const gradients[2], const std::uint8_t* const winners[2],
                           const int lines[2], int count, std::size_t width, std::size_t channels,
                           T* out, float* scratch) {
  const std::size_t pooled_width = (width + 1) / 2;
  for (std::size_t column = 0; column < width; ++column) {
    std::fill_n(scratch, channels, 0.0F);
    for (int i = 0; i < count; ++i) {
      // The windows of places column / 2 and, from odd columns, the next one hold this column.
      for (std::size_t place = column / 2; place <= (column + 1) / 2 && place < pooled_width;
           ++place) {
        const auto which = lines[i] * 3 + static_cast<int>(column + 1 - 2 * place);
        add_where_won(gradients[i] + place * channels, winners[i] + place * channels,
                      static_cast<std::uint8_t>(which), scratch, channels);
      }
    }
    store_all(scratch, out, channels);
    out += channels;
  }
}

template <class T>
void add_moments(const T* x, const float* origin, float* sums, float* squares, std::size_t rows,
                 std::size_t channels) {
  add_moments_of_rows(x, origin, sums, squares, rows, channels);
}

template <class T>
void normalize(const T* x, const T* residual, const float* scale, const float* shift, bool relu,
               T* y, std::size_t rows, std::size_t channels) {
  const auto run =
      relu ? (residual ? normalize_rows<T, true, true> : normalize_rows<T, true, false>)
           : (residual ? normalize_rows<T, false, true> : normalize_rows<T, false, false>);
  run(x, residual, scale, shift, y, rows, channels);
}

template <class T>
void add_gradients(const T* gradient, const T* x, const T* y, const float* mean, const float* scale,
                   const float* shift, bool relu, T* g, float* sums, float* products,
                   std::size_t rows, std::size_t channels) {
  const auto run = !relu ? (g ? add_gradients_of_rows<T, Mask::none, true>
                              : add_gradients_of_rows<T, Mask::none, false>)
                   : y   ? (g ? add_gradients_of_rows<T, Mask::by_y, true>
                              : add_gradients_of_rows<T, Mask::by_y, false>)
                         : (g ? add_gradients_of_rows<T, Mask::by_x, true>
                              : add_gradients_of_rows<T, Mask::by_x, false>);
  run(gradient, x, y, mean, scale, shift, g, sums, products, rows, channels);
}

template <class T>
void combine_gradients(const T* gradient, const T* x, const float* scale, const float* shift,
                       bool relu, const float* a, const float* b, const float* d, T* out,
                       std::size_t rows, std::size_t channels) {
  const auto run = relu ? combine_rows<T, Mask::by_x> : combine_rows<T, Mask::none>;
  run(gradient, x, scale, shift, a, b, d, out, rows, channels);
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type, which parentheses would make no type.
#define MAT_INSTANTIATE(T)                                                                       \
  template void add_moments(const T*, const float*, float*, float*, std::size_t, std::size_t);   \
  template void normalize(const T*, const T*, const float*, const float*, bool, T*, std::size_t, \
                          std::size_t);                                                          \
  template void add_gradients(const T*, const T*, const T*, const float*, const float*,          \
                              const float*, bool, T*, float*, float*, std::size_t, std::size_t); \
  template void combine_gradients(const T*, const T*, const float*, const float*, bool,          \
                                  const float*, const float*, const float*, T*, std::size_t,     \
                                  std::size_t);                                                  \
  template void max_pool_row(const T* const[3], std::size_t, std::size_t, T*, std::uint8_t*,     \
                             float*);                                                            \
  template void max_pool_gradient_row(const T* const[2], const std::uint8_t* const[2],           \
                                      const int[2], int, std::size_t, std::size_t, T*, float*)
// NOLINTEND(bugprone-macro-parentheses)
MAT_INSTANTIATE(float);
MAT_INSTANTIATE(Bf16);
#undef MAT_INSTANTIATE

}  // namespace mat::kernels
