#include "core/http/json_reader.h"

#include <fmt/core.h>

#include <cstdint>
#include <vector>

#include "core/base/json.h"
#include "core/http/failure.h"

namespace mat {
namespace {

constexpr std::size_t kDeepest = 32;
constexpr std::size_t kLongestKey = 64;

class Events : public Json::json_sax_t {
 public:
  explicit Events(JsonReader& reader) : reader_(reader) {}

  bool null() override {
    reader_.null(place_);
    return true;
  }
  bool boolean(bool value) override {
    reader_.boolean(place_, value);
    return true;
  }
  bool number_integer(std::int64_t value) override { return a_number(static_cast<double>(value)); }
  bool number_unsigned(std::uint64_t value) override {
    return a_number(static_cast<double>(value));
  }
  bool number_float(double value, const std::string&) override { return a_number(value); }
  bool string(std::string& value) override {
    reader_.text(place_, value);
    return true;
  }
  bool binary(Json::binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    reader_.begin_object(place_);
    enter();
    return true;
  }
  bool key(std::string& value) override {
    place_.resize(lengths_.back());
    if (!place_.empty()) place_ += '.';
    // No key that anybody looks for is longer.
    place_.append(value, 0, kLongestKey + 1);
    reader_.key(value);
    return true;
  }
  bool end_object() override {
    leave();
    reader_.end_object(place_);
    return true;
  }
  bool start_array(std::size_t) override {
    reader_.begin_array(place_);
    enter();
    if (!place_.ends_with("[]")) place_ += "[]";
    return true;
  }
  bool end_array() override {
    leave();
    reader_.end_array(place_);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    throw HttpFailure(400, fmt::format("not JSON, at byte {}", position));
  }

 private:
  bool a_number(double value) {
    reader_.number(place_, value);
    return true;
  }
  void enter() {
    if (lengths_.size() == kDeepest) {
      throw HttpFailure(400, fmt::format("JSON that is deeper than {}", kDeepest));
    }
    lengths_.push_back(place_.size());
  }
  bool leave() {
    place_.resize(lengths_.back());
    lengths_.pop_back();
    return true;
  }

  JsonReader& reader_;
  std::string place_;
  std::vector<std::size_t> lengths_;  // of the places of those around
};

}  // namespace

void read_json(std::string_view text, JsonReader& reader) {
  Events events(reader);
  Json::sax_parse(text.begin(), text.end(), &events);
}

}  // namespace mat
