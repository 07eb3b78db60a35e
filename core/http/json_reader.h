#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mat {

// What a JSON document of a stranger is read by, value by value: nothing of it is kept but what a
// reader keeps. Places are like "images[]", "inputs[].name", "inputs[].data[]": an array inside of
// an array is at the place of its elements. All may throw HttpFailure.
class JsonReader {
 public:
  virtual ~JsonReader() = default;
  virtual void text(std::string_view place, std::string& value) { (void)place, (void)value; }
  virtual void number(std::string_view place, double value) { (void)place, (void)value; }
  virtual void boolean(std::string_view place, bool value) { (void)place, (void)value; }
  virtual void null(std::string_view place) { (void)place; }
  // In full; a place has only its first 65 bytes.
  virtual void key(std::string_view name) { (void)name; }
  virtual void begin_object(std::string_view place) { (void)place; }
  virtual void end_object(std::string_view place) { (void)place; }
  virtual void begin_array(std::string_view place) { (void)place; }
  virtual void end_array(std::string_view place) { (void)place; }
};

// Throws HttpFailure 400 for what is no JSON, or deeper than 32.
void read_json(std::string_view text, JsonReader& reader);

}  // namespace mat
