#include "core/curves/scalar_event.h"

#include <cstddef>
#include <cstring>

namespace mat {
namespace {

// Protocol buffers' encoding, without the groups that its version 3 has given up.
enum Wire : std::uint32_t { wire_varint = 0, wire_64 = 1, wire_bytes = 2, wire_32 = 5 };

constexpr std::uint32_t key_of(std::uint32_t field, Wire wire) { return field << 3 | wire; }

// Events, their summaries and the values in these.
constexpr std::uint32_t kWallTime = key_of(1, wire_64), kStep = key_of(2, wire_varint),
                        kFileVersion = key_of(3, wire_bytes), kSummary = key_of(5, wire_bytes);
constexpr std::uint32_t kValue = key_of(1, wire_bytes);
constexpr std::uint32_t kTag = key_of(1, wire_bytes), kSimpleValue = key_of(2, wire_32),
                        kTensor = key_of(8, wire_bytes);

// What is left of a message. Reading beyond its end makes `is_bad`.
struct Input {
  const char* at;
  const char* end;
  bool is_bad = false;

  explicit Input(std::string_view bytes) : at(bytes.data()), end(bytes.data() + bytes.size()) {}
  bool has_more() const { return !is_bad && at != end; }

  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*at++);
      number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    is_bad = true;
    return 0;
  }

  template <typename Number>
  Number fixed() {
    Number number{};
    if (static_cast<std::size_t>(end - at) < sizeof number) {
      is_bad = true;
      return number;
    }
    std::memcpy(&number, at, sizeof number);
    at += sizeof number;
    return number;
  }

  std::string_view bytes() {
    const std::uint64_t size = varint();
    if (is_bad || size > static_cast<std::uint64_t>(end - at)) {
      is_bad = true;
      return {};
    }
    const std::string_view found(at, static_cast<std::size_t>(size));
    at += size;
    return found;
  }

  std::uint32_t key() {
    const std::uint64_t key = varint();
    // Fields have numbers from 1 to 2^29 - 1.
    if (key < 8 || key > 0xffffffffU) is_bad = true;
    return static_cast<std::uint32_t>(key);
  }

  void skip(std::uint32_t key) {
    switch (key & 7) {
      case wire_varint:
        varint();
        break;
      case wire_64:
        fixed<std::uint64_t>();
        break;
      case wire_bytes:
        bytes();
        break;
      case wire_32:
        fixed<std::uint32_t>();
        break;
      default:
        is_bad = true;
    }
  }
};

bool read_value(std::string_view bytes, ScalarEvent& event) {
  ScalarEvent::Value value;
  bool is_simple = false;
  Input input(bytes);
  while (input.has_more()) {
    const std::uint32_t key = input.key();
    if (key == kTag) {
      value.tag = input.bytes();
    } else if (key == kSimpleValue) {
      value.value = input.fixed<float>();
      is_simple = true;
    } else {
      // The last of a value's contents counts.
      if (key == kTensor) is_simple = false;
      if (!input.is_bad) input.skip(key);
    }
  }
  if (is_simple && !input.is_bad) event.values.push_back(value);
  return !input.is_bad;
}

bool read_summary(std::string_view bytes, ScalarEvent& event) {
  Input input(bytes);
  while (input.has_more()) {
    const std::uint32_t key = input.key();
    if (key != kValue) {
      if (!input.is_bad) input.skip(key);
      continue;
    }
    const std::string_view value = input.bytes();
    if (input.is_bad || !read_value(value, event)) return false;
  }
  return !input.is_bad;
}

}  // namespace

bool read_scalar_event(std::string_view record, ScalarEvent& event) {
  event.wall_time = 0;
  event.step = 0;
  event.values.clear();
  Input input(record);
  while (input.has_more()) {
    const std::uint32_t key = input.key();
    if (key == kWallTime) {
      event.wall_time = input.fixed<double>();
    } else if (key == kStep) {
      event.step = static_cast<std::int64_t>(input.varint());
    } else if (key == kSummary) {
      const std::string_view summary = input.bytes();
      if (input.is_bad || !read_summary(summary, event)) return false;
    } else {
      if (key == kFileVersion) event.values.clear();
      if (!input.is_bad) input.skip(key);
    }
  }
  return !input.is_bad;
}

}  // namespace mat
