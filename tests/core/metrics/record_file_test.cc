#include "core/metrics/record_file.h"

#include <catch2/catch.hpp>
#include <random>

#include "core/base/error.h"
#include "core/metrics/crc32c.h"
#include "tests/test_files.h"

namespace mat {
namespace {

std::string record(const std::string& data) {
  std::string bytes;
  append_record(bytes, data);
  return bytes;
}

// A header that is right in itself, whatever follows.
std::string header_of_length(std::uint64_t length) {
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  const std::uint32_t crc = masked_crc32c(bytes);
  return bytes.append(reinterpret_cast<const char*>(&crc), sizeof crc);
}

struct Outcome {
  std::vector<std::string> records;
  RecordReader::End end;
  std::uint64_t valid_bytes;
};

Outcome read_all(const std::string& bytes) {
  const TempFolder folder(memory_folder());
  put_file(folder / "records", bytes);
  RecordReader reader(folder / "records");
  Outcome outcome{};
  while (const auto data = reader.next()) outcome.records.emplace_back(*data);
  outcome.end = reader.end();
  outcome.valid_bytes = reader.valid_bytes();
  return outcome;
}

TEST_CASE("records of every size come back as they were written", "[metrics]") {
  std::mt19937 random(3);
  std::string bytes;
  std::vector<std::string> written;
  for (const std::size_t size : {0, 1, 7, 8, 300, 262'144, 1, 1'048'576, 5}) {
    std::string data(size, '\0');
    for (char& c : data) c = static_cast<char>(random());
    append_record(bytes, data);
    written.push_back(data);
  }
  const Outcome outcome = read_all(bytes);
  CHECK((outcome.records == written));
  CHECK((outcome.end == RecordReader::End::clean));
  CHECK(outcome.valid_bytes == bytes.size());
}

TEST_CASE("a file cut anywhere gives its whole records and is called torn", "[metrics]") {
  const std::string first = record("one"), both = first + record("two");
  for (std::size_t size = 0; size < both.size(); ++size) {
    CAPTURE(size);
    const Outcome outcome = read_all(both.substr(0, size));
    const bool has_first = size >= first.size();
    REQUIRE(outcome.records.size() == (has_first ? 1 : 0));
    REQUIRE(outcome.valid_bytes == (has_first ? first.size() : 0));
    const bool at_border = size == 0 || size == first.size();
    REQUIRE((outcome.end == (at_border ? RecordReader::End::clean : RecordReader::End::torn)));
  }
}

TEST_CASE("no single changed bit goes unnoticed", "[metrics]") {
  const std::string first = record("one"), both = first + record("a longer second record");
  for (std::size_t bit = first.size() * 8; bit < both.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string bytes = both;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const Outcome outcome = read_all(bytes);
    REQUIRE(outcome.records == std::vector<std::string>{"one"});
    REQUIRE((outcome.end == RecordReader::End::damaged));
    REQUIRE(outcome.valid_bytes == first.size());
  }
}

TEST_CASE("lengths that no file can have are refused without taking memory", "[metrics]") {
  const std::string first = record("one");
  for (const std::uint64_t length :
       {~0ULL, ~0ULL - 15, ~0ULL - 16, 1ULL << 63, 1ULL << 40, (1ULL << 20) + 1}) {
    CAPTURE(length);
    const Outcome outcome = read_all(first + header_of_length(length) + "xxxxxxxxxxxxxxxxxxxx");
    REQUIRE(outcome.records.size() == 1);
    REQUIRE((outcome.end == RecordReader::End::torn));
    REQUIRE(outcome.valid_bytes == first.size());
  }
}

TEST_CASE("a record too long for a scalar is passed over", "[metrics]") {
  const std::string bytes = record("one") + record(std::string((1 << 20) + 1, 'x')) + record("two");
  const Outcome outcome = read_all(bytes);
  CHECK(outcome.records == std::vector<std::string>{"one", "two"});
  CHECK((outcome.end == RecordReader::End::clean));
  CHECK(outcome.valid_bytes == bytes.size());
}

TEST_CASE("garbage holds no records", "[metrics]") {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random() % 500, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    REQUIRE(read_all(bytes).records.empty());
  }
  CHECK((read_all(std::string(4096, '\0')).end == RecordReader::End::damaged));
}

TEST_CASE("a file that is not there is an io error with its name", "[metrics]") {
  CHECK_THROWS_WITH(RecordReader("/nonexistent/records"), Catch::Contains("/nonexistent/records"));
}

}  // namespace
}  // namespace mat
