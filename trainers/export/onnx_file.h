#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mat {

// A classifier of pictures as an ONNX file has it: one input, float ["N", 3, size, size], and one
// output, float ["N", classes]. Knows nothing of what the operations mean.

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
  std::string bytes;  // of floats, little-endian
};

struct OnnxModel {
  std::string network;
  std::string input, output;
  std::int64_t image_size = 0, classes = 0;
  std::vector<OnnxNode> nodes;
  std::vector<OnnxWeight> weights;
  std::vector<std::pair<std::string, std::string>> metadata;
};

// The operations are those of opset 14.
std::string onnx_bytes(const OnnxModel& model);

// Reads what onnx_bytes() wrote. `what` names the source in the error (io).
OnnxModel parse_onnx(std::string_view bytes, const std::string& what);

}  // namespace mat
