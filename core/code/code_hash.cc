#include "core/code/code_hash.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <new>

namespace mat {

struct CodeHash::State {
  XXH3_state_t* xxh = XXH3_createState();
  ~State() { XXH3_freeState(xxh); }
};

CodeHash::CodeHash() : state_(std::make_unique<State>()) {
  if (state_->xxh == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state_->xxh);
}
CodeHash::~CodeHash() = default;

void CodeHash::add(const void* bytes, std::size_t size) {
  XXH3_128bits_update(state_->xxh, bytes, size);
}

void CodeHash::add_size(std::uint64_t size) { add(&size, sizeof size); }

void CodeHash::add_text(std::string_view text) {
  add_size(text.size());
  add(text.data(), text.size());
}

std::string CodeHash::hex() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_->xxh);
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace mat
