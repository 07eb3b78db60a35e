#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace mat {

// A second, independent reader of event files, by the public descriptions of the formats alone. It
// throws at the first thing that is not as it should be, the end of the file included.

struct DecodedEvent {
  double wall_time = 0;
  std::int64_t step = 0;
  std::string file_version, tag;
  float value = 0;
};

inline void must(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

inline std::uint32_t crc_by_bits(const std::string& bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
}

// Little-endian bytes, taken off the front.
class Bytes {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}
  bool empty() const { return at_ == bytes_.size(); }

  std::string take(std::uint64_t count) {
    must(count <= bytes_.size() - at_, "the bytes end too early");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  std::uint64_t fixed(int size) {
    std::uint64_t number = 0;
    const std::string bytes = take(static_cast<std::uint64_t>(size));
    for (int i = size - 1; i >= 0; --i) {
      number = number << 8 | static_cast<std::uint8_t>(bytes[static_cast<std::size_t>(i)]);
    }
    return number;
  }
  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
      const std::uint64_t byte = fixed(1);
      number |= (byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
  }
  std::string sized() { return take(varint()); }
  float float32() {
    const auto bits = static_cast<std::uint32_t>(fixed(4));
    float number;
    std::memcpy(&number, &bits, sizeof number);
    return number;
  }
  double float64() {
    const std::uint64_t bits = fixed(8);
    double number;
    std::memcpy(&number, &bits, sizeof number);
    return number;
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

// A tag is a field's number × 8 + its wire type: 0 varint, 1 eight bytes, 2 sized, 5 four bytes.
inline void decode_value(Bytes value, DecodedEvent& event) {
  while (!value.empty()) {
    switch (value.varint()) {
      case 1 * 8 + 2:
        event.tag = value.sized();
        break;
      case 2 * 8 + 5:
        event.value = value.float32();
        break;
      default:
        throw std::runtime_error("an unknown field of a value");
    }
  }
}

inline void decode_summary(Bytes summary, DecodedEvent& event) {
  must(summary.varint() == 1 * 8 + 2, "a summary holds other things than values");
  decode_value(Bytes(summary.sized()), event);
  must(summary.empty(), "a summary holds more than one value");
}

inline DecodedEvent decode_event(Bytes bytes) {
  DecodedEvent event;
  while (!bytes.empty()) {
    switch (bytes.varint()) {
      case 1 * 8 + 1:
        event.wall_time = bytes.float64();
        break;
      case 2 * 8 + 0:
        event.step = static_cast<std::int64_t>(bytes.varint());
        break;
      case 3 * 8 + 2:
        event.file_version = bytes.sized();
        break;
      case 5 * 8 + 2:
        decode_summary(Bytes(bytes.sized()), event);
        break;
      default:
        throw std::runtime_error("an unknown field of an event");
    }
  }
  return event;
}

inline std::vector<DecodedEvent> decode_events(const std::string& file) {
  std::vector<DecodedEvent> events;
  Bytes bytes(file);
  while (!bytes.empty()) {
    const std::string length = bytes.take(8);
    must(bytes.fixed(4) == crc_by_bits(length), "the checksum of a length is wrong");
    const std::string data = bytes.take(Bytes(length).fixed(8));
    must(bytes.fixed(4) == crc_by_bits(data), "the checksum of a record is wrong");
    events.push_back(decode_event(Bytes(data)));
  }
  return events;
}

}  // namespace mat
