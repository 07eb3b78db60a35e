#pragma once

#include "core/table/table_encoder.h"
#include "trainers/torch.h"

namespace mat {

// How TableEncoder::encode() comes from TableEncoder::numbers(), in tensors, of which each has one
// element for each input of the network. With x the number of its column, an input is
//   clamp((x - offset) / scale, ±limit) in doubles, as float, where is_number, and x is finite;
//   1 where x == code;
//   1 where is_missing, and x is not finite;
//   0 else.
struct TableInputs {
  explicit TableInputs(const TableEncoder& encoder);

  torch::Tensor source;         // int64, the column
  torch::Tensor offset, scale;  // double; 0 and 1 where it is no number
  torch::Tensor code;           // double; NaN, which nothing equals, where it is no category
  torch::Tensor is_number, is_missing;  // float, 0 or 1
  double limit = 0;
};

}  // namespace mat
