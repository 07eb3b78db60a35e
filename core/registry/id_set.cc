#include "core/registry/id_set.h"

#include <bit>
#include <stdexcept>

namespace mat {
namespace {

constexpr std::int64_t kIdsPerBlock = 4096;
constexpr std::int64_t kMaxId = std::int64_t{1} << 40;

std::size_t block_of(std::int64_t id) { return static_cast<std::size_t>(id / kIdsPerBlock); }
std::size_t word_of(std::int64_t id) { return static_cast<std::size_t>(id % kIdsPerBlock / 64); }
std::uint64_t bit_of(std::int64_t id) { return std::uint64_t{1} << (id % 64); }

}  // namespace

void IdSet::insert(std::int64_t id) {
  if (id < 0 || id > kMaxId) throw std::length_error("a row id that is no row id");
  const std::size_t block = block_of(id);
  if (block >= blocks_.size()) blocks_.resize(block + 1);
  if (!blocks_[block]) blocks_[block] = std::make_unique<Block>();
  blocks_[block]->words[word_of(id)] |= bit_of(id);
}

bool IdSet::contains(std::int64_t id) const {
  if (id < 0 || block_of(id) >= blocks_.size() || !blocks_[block_of(id)]) return false;
  return (blocks_[block_of(id)]->words[word_of(id)] & bit_of(id)) != 0;
}

std::int64_t IdSet::size() const {
  std::int64_t size = 0;
  for (const auto& block : blocks_) {
    if (!block) continue;
    for (const std::uint64_t word : block->words) size += std::popcount(word);
  }
  return size;
}

template <typename Combine>
void IdSet::combine(const IdSet& other, Combine&& combine_words) {
  static const Block kEmpty;
  if (blocks_.size() < other.blocks_.size()) blocks_.resize(other.blocks_.size());
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block* with =
        i < other.blocks_.size() && other.blocks_[i] ? other.blocks_[i].get() : &kEmpty;
    if (!blocks_[i]) {
      if (with == &kEmpty) continue;
      blocks_[i] = std::make_unique<Block>();
    }
    for (std::size_t word = 0; word < kWords; ++word) {
      combine_words(blocks_[i]->words[word], with->words[word]);
    }
  }
}

IdSet& IdSet::operator|=(const IdSet& other) {
  combine(other, [](std::uint64_t& a, std::uint64_t b) { a |= b; });
  return *this;
}

IdSet& IdSet::operator&=(const IdSet& other) {
  combine(other, [](std::uint64_t& a, std::uint64_t b) { a &= b; });
  return *this;
}

IdSet& IdSet::operator-=(const IdSet& other) {
  combine(other, [](std::uint64_t& a, std::uint64_t b) { a &= ~b; });
  return *this;
}

}  // namespace mat
