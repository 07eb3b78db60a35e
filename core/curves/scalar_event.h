#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace mat {

struct ScalarEvent {
  double wall_time = 0;  // seconds since 1970
  std::int64_t step = 0;
  struct Value {
    std::string_view tag;  // in the record
    float value = 0;
  };
  std::vector<Value> values;  // the simple ones; histograms, pictures, tensors are passed over
};

// Reads one record of an event file (core/metrics/event.proto) without making objects of it: of
// curves of millions of points, which protobuf itself needs several times as long for. False when
// the record is no message; `event` then means nothing. Its memory is used again.
bool read_scalar_event(std::string_view record, ScalarEvent& event);

}  // namespace mat
