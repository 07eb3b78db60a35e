#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace mat {

// The name of an event file of TensorBoard's.
bool is_event_file_name(std::string_view name);

// Follows one event file that another program writes: scalars, also as TensorFlow 2 writes them
// (tensors without dimensions).
class EventTail {
 public:
  explicit EventTail(std::filesystem::path path) : path_(std::move(path)) {}

  using Found = std::function<void(std::string_view tag, std::int64_t step, double value)>;
  // Reads the whole records that are new. A torn one waits for its rest; after a damaged one
  // nothing more is read. Throws io errors.
  void poll(const Found& found);

  bool is_damaged() const { return is_damaged_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::uint64_t offset_ = 0, seen_bytes_ = 0;
  bool is_damaged_ = false;
};

}  // namespace mat
