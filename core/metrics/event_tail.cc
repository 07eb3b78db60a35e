#include "core/metrics/event_tail.h"

#include <sys/stat.h>

#include <cstring>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/metrics/record_file.h"
#include "event.pb.h"

namespace mat {
namespace {

constexpr int kFloat = 1, kDouble = 2;

template <typename Number>
std::optional<double> only_number(const std::string& content) {
  Number number = 0;
  if (content.size() != sizeof number) return std::nullopt;
  std::memcpy(&number, content.data(), sizeof number);
  return static_cast<double>(number);
}

std::optional<double> scalar_of(const tensorboard::Summary::Value& value) {
  if (value.has_simple_value()) return value.simple_value();
  if (!value.has_tensor() || value.tensor().shape().dim_size() != 0) return std::nullopt;
  const tensorboard::Tensor& tensor = value.tensor();
  if (tensor.dtype() == kFloat) {
    if (tensor.float_value_size() == 1) return tensor.float_value(0);
    return only_number<float>(tensor.content());
  }
  if (tensor.dtype() == kDouble) {
    if (tensor.double_value_size() == 1) return tensor.double_value(0);
    return only_number<double>(tensor.content());
  }
  return std::nullopt;
}

}  // namespace

bool is_event_file_name(std::string_view name) {
  return name.find("tfevents") != std::string_view::npos;
}

void EventTail::poll(const Found& found) {
  struct stat info {};
  if (is_damaged_ || ::stat(path_.c_str(), &info) != 0) return;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  // Also nothing to do while a torn record has not grown.
  if (size == seen_bytes_) return;
  seen_bytes_ = size;
  if (size < offset_) offset_ = 0;
  std::optional<RecordReader> reader;
  try {
    reader.emplace(path_, offset_);
  } catch (const Error&) {
    return;  // its program has taken it away meanwhile
  }
  tensorboard::Event event;
  while (const auto record = reader->next()) {
    if (!event.ParseFromArray(record->data(), static_cast<int>(record->size()))) {
      is_damaged_ = true;
      return;
    }
    for (const auto& value : event.summary().value()) {
      if (const auto scalar = scalar_of(value)) found(value.tag(), event.step(), *scalar);
    }
  }
  is_damaged_ = reader->end() == RecordReader::End::damaged;
  offset_ = reader->valid_bytes();
}

}  // namespace mat
