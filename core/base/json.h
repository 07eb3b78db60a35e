#pragma once

#include <nlohmann/json.hpp>

namespace mat {

// Keys stay in the order in which they were put in: what a person reads is in a sensible order.
using Json = nlohmann::ordered_json;

// Compact text on one line. Strings that are not UTF-8 get replacement characters instead of an
// exception. NaN and infinities, which JSON lacks, become null.
std::string to_json_text(const Json& value, int indent = -1);

// A number as a JSON value that gives the same number again, bit for bit: NaN and infinities become
// "nan", "inf" and "-inf".
Json number_to_json(double value);

// What number_to_json() made of a number. `what` names the source in the error (io).
double number_from_json(const Json& value, std::string_view what);

// Parses text written by to_json_text or by others. `what` names the source in the error (io).
Json parse_json(std::string_view text, std::string_view what);

}  // namespace mat
