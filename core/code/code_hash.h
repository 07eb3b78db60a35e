#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mat {

// A hash of paths, contents, links and executable bits, the same for the same code.
class CodeHash {
 public:
  CodeHash();
  ~CodeHash();

  void add(const void* bytes, std::size_t size);
  void add_size(std::uint64_t size);
  // With its length in front, so that two texts are not one longer text.
  void add_text(std::string_view text);
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mat
