#include "trainers/models/weights_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/training/weights_header.h"

namespace mat {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors on disk are little-endian");

struct TypeName {
  const char* name;
  torch::ScalarType type;
};
constexpr TypeName kTypes[] = {
    {"F64", torch::kFloat64}, {"I64", torch::kInt64},   {"F32", torch::kFloat32},
    {"I32", torch::kInt32},   {"F16", torch::kFloat16}, {"BF16", torch::kBFloat16},
    {"I16", torch::kInt16},   {"I8", torch::kInt8},     {"U8", torch::kUInt8},
    {"BOOL", torch::kBool},
};

// Of a type that the header may have.
torch::ScalarType type_named(std::string_view name) {
  for (const auto& entry : kTypes) {
    if (name == entry.name) return entry.type;
  }
  throw Error(ErrorKind::bug, fmt::format("no tensors are made of '{}'", name));
}

std::string shape_text(const torch::Tensor& tensor) {
  std::vector<std::string> sizes;
  for (const auto size : tensor.sizes()) sizes.push_back(std::to_string(size));
  return fmt::format("[{}]", join(sizes, ", "));
}

std::string_view bytes_of(const torch::Tensor& tensor) {
  return {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()};
}

class WeightsReader {
 public:
  explicit WeightsReader(const std::filesystem::path& file)
      : file_(file), opened_(open_weights(file)) {}

  Weights read() {
    Weights weights;
    weights.metadata = std::move(opened_.header.metadata);
    for (const TensorPlace& place : opened_.header.tensors) {
      weights.tensors.emplace(place.key, read_tensor(place));
    }
    return weights;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw_unusable_weights(file_.string(), why);
  }

  void read_exactly(void* target, std::uint64_t size) {
    auto* out = static_cast<char*>(target);
    while (size > 0) {
      const std::size_t count =
          read_some(opened_.file.get(), out, std::min<std::uint64_t>(size, 1 << 30), file_);
      if (count == 0) fail("it became shorter while it was read");
      out += count;
      size -= count;
    }
  }

  torch::Tensor read_tensor(const TensorPlace& place) {
    const torch::ScalarType type = type_named(place.type);
    torch::Tensor tensor;
    try {
      tensor = torch::empty(place.shape, type);
    } catch (const c10::Error&) {
      fail(fmt::format("there is not enough memory for '{}'", place.key));
    }
    read_exactly(tensor.data_ptr(), tensor.nbytes());
    if (type == torch::kBool) {
      const auto bytes = bytes_of(tensor);
      if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return c != 0 && c != 1; })) {
        fail(fmt::format("the tensor '{}' has truth values other than 0 and 1", place.key));
      }
    }
    return tensor;
  }

  std::filesystem::path file_;
  OpenWeights opened_;
};

const char* name_of_type(const std::string& key, torch::ScalarType type) {
  for (const auto& entry : kTypes) {
    if (type == entry.type) return entry.name;
  }
  throw Error(ErrorKind::bug, fmt::format("the tensor '{}' has a type that cannot be saved", key));
}

std::map<std::string, torch::Tensor> state_of(const torch::nn::Module& module) {
  std::map<std::string, torch::Tensor> state;
  for (const auto& item : module.named_parameters()) state.emplace(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace(item.key(), item.value());
  return state;
}

std::string first_few(std::vector<std::string> items) {
  constexpr std::size_t kShown = 5;
  if (items.size() <= kShown) return join(items, ", ");
  const std::size_t more = items.size() - kShown;
  items.resize(kShown);
  return fmt::format("{} and {} more", join(items, ", "), more);
}

}  // namespace

Weights weights_of(const torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  Weights weights;
  for (const auto& [key, tensor] : state_of(module)) {
    const auto type = tensor.is_floating_point() ? torch::kFloat32 : tensor.scalar_type();
    weights.tensors.emplace(key, torch::empty(tensor.sizes(), type).copy_(tensor));
  }
  return weights;
}

void load_weights(torch::nn::Module& module, const Weights& weights) {
  const auto state = state_of(module);
  std::vector<std::string> missing;
  std::vector<std::string> unexpected;
  std::vector<std::string> different;
  for (const auto& [key, tensor] : state) {
    const auto found = weights.tensors.find(key);
    if (found == weights.tensors.end()) {
      missing.push_back(key);
    } else if (found->second.sizes() != tensor.sizes()) {
      different.push_back(fmt::format("{} is {} instead of {}", key, shape_text(found->second),
                                      shape_text(tensor)));
    } else if (found->second.is_floating_point() != tensor.is_floating_point()) {
      different.push_back(fmt::format("{} has another type of number", key));
    }
  }
  for (const auto& item : weights.tensors) {
    if (!state.contains(item.first)) unexpected.push_back(item.first);
  }
  std::vector<std::string> problems;
  if (!missing.empty()) problems.push_back("missing: " + first_few(missing));
  if (!unexpected.empty()) problems.push_back("unexpected: " + first_few(unexpected));
  if (!different.empty()) problems.push_back(first_few(different));
  if (!problems.empty()) {
    const bool only_shapes = missing.empty() && unexpected.empty();
    throw Error(ErrorKind::usage,
                fmt::format("the weights do not fit the network: {}", join(problems, "; ")),
                only_shapes ? "they were made for another number of classes or columns"
                            : "they were made for another algorithm");
  }
  const torch::NoGradGuard no_grad;
  for (const auto& [key, tensor] : state) torch::Tensor(tensor).copy_(weights.tensors.at(key));
}

void save_weights(const Weights& weights, const std::filesystem::path& file) {
  std::vector<std::pair<std::string, torch::Tensor>> tensors;
  for (const auto& [key, tensor] : weights.tensors) {
    tensors.emplace_back(key, tensor.detach().cpu().contiguous());
  }
  // Wide types first, so that every tensor is aligned for readers that map the file.
  std::stable_sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  Json header = Json::object();
  if (!weights.metadata.empty()) header[kWeightsMetadataKey] = weights.metadata;
  std::vector<std::string_view> parts(2);
  std::uint64_t place = 0;
  for (const auto& [key, tensor] : tensors) {
    const std::uint64_t end = place + tensor.nbytes();
    header[key] = {{"dtype", name_of_type(key, tensor.scalar_type())},
                   {"shape", tensor.sizes().vec()},
                   {"data_offsets", {place, end}}};
    parts.push_back(bytes_of(tensor));
    place = end;
  }
  std::string text = to_json_text(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  parts[0] = {reinterpret_cast<const char*>(&length), sizeof length};
  parts[1] = text;
  write_file_atomic(file, parts);
}

Weights read_weights(const std::filesystem::path& file) { return WeightsReader(file).read(); }

}  // namespace mat
