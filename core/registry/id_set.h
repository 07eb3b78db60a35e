#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mat {

// A set of row ids, as bits: a million of them take 125 KB, and the sets of two conditions are
// combined in microseconds. Memory grows with the highest id / 4096 and with the blocks in use.
class IdSet {
 public:
  // Ids below 0 or above 2^40 throw std::length_error: no registry gets that far.
  void insert(std::int64_t id);
  bool contains(std::int64_t id) const;
  std::int64_t size() const;

  IdSet& operator|=(const IdSet& other);
  IdSet& operator&=(const IdSet& other);
  IdSet& operator-=(const IdSet& other);

 private:
  static constexpr std::size_t kWords = 64;
  struct Block {
    std::uint64_t words[kWords] = {};
  };
  template <typename Combine>
  void combine(const IdSet& other, Combine&& combine_words);

  std::vector<std::unique_ptr<Block>> blocks_;  // null: no id of this block
};

}  // namespace mat
