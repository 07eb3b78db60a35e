#include "core/curves/scalar_event.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

namespace mat {
namespace {

std::string bytes_of(float value) {
  std::string bytes(4, '\0');
  std::memcpy(bytes.data(), &value, 4);
  return bytes;
}

std::string field(int number, const std::string& content) {
  return std::string(1, static_cast<char>(number << 3 | 2)) +
         std::string(1, static_cast<char>(content.size())) + content;
}

std::string scalar(const std::string& tag, float value) {
  return field(1, field(1, tag) + "\x15" + bytes_of(value));
}

TEST_CASE("a record's scalars are read, and what else is in it passed over", "[curves]") {
  ScalarEvent event;
  const std::string histogram = field(1, field(1, "weights") + field(5, "anything"));
  const std::string tensor = field(1, field(1, "text") + "\x15" + bytes_of(1) + field(8, ""));
  const std::string summary =
      scalar("loss", 0.5F) + histogram + tensor + scalar("", 2) + field(9, "?");
  const std::string record = std::string("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11) +
                             field(5, summary) + std::string("\x48\x01\x35\x01\x02\x03\x04", 7);
  REQUIRE(read_scalar_event(record, event));
  CHECK(event.step == -1);
  CHECK(event.wall_time == 0);
  REQUIRE(event.values.size() == 2);
  CHECK(event.values[0].tag == "loss");
  CHECK(event.values[0].value == 0.5F);
  CHECK(event.values[1].tag.empty());

  REQUIRE(read_scalar_event("", event));
  CHECK(event.values.empty());
  CHECK(event.step == 0);
}

TEST_CASE("a record that is cut or is no message is refused at every byte", "[curves]") {
  ScalarEvent event;
  const std::string value = field(1, "loss") + "\x15" + bytes_of(1);
  const std::string record = field(5, field(1, value));
  REQUIRE(read_scalar_event(record, event));
  for (std::size_t size = 1; size < record.size(); ++size) {
    CHECK_FALSE(read_scalar_event(record.substr(0, size), event));
  }
  for (const std::string bad :
       {"\x0b", "\x0c", "\x07", "\x01", "\x09\x01", "\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x2a\x02\x0a\x05"}) {
    CHECK_FALSE(read_scalar_event(bad, event));
  }
}

}  // namespace
}  // namespace mat
