#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mat {

// A network as an ONNX file has it: one input, ["N", …], and one output, ["N", width]. Knows
// nothing of what the operations mean.

// Of the elements of a tensor; the numbers are ONNX's.
enum class OnnxType { floats = 1, integers = 7, doubles = 11 };

struct OnnxNode {
  std::string operation;
  std::vector<std::string> inputs;  // names of earlier outputs, of weights or of the input
  std::string output;
  std::map<std::string, std::int64_t> integers;  // its attributes, by their types
  std::map<std::string, float> numbers;
  std::map<std::string, std::vector<std::int64_t>> lists;
};

struct OnnxWeight {
  std::string name;
  std::vector<std::int64_t> shape;
  std::string bytes;  // little-endian
  OnnxType type = OnnxType::floats;
};

struct OnnxModel {
  std::string network;
  std::string input, output;
  std::vector<std::int64_t> input_shape;  // of one picture or row
  std::int64_t output_width = 0;
  OnnxType input_type = OnnxType::floats, output_type = OnnxType::floats;
  std::vector<OnnxNode> nodes;
  std::vector<OnnxWeight> weights;
  std::vector<std::pair<std::string, std::string>> metadata;
};

// The operations are those of opset 14.
std::string onnx_bytes(const OnnxModel& model);

// Reads what onnx_bytes() wrote. `what` names the source in the error (io).
OnnxModel parse_onnx(std::string_view bytes, const std::string& what);

}  // namespace mat
