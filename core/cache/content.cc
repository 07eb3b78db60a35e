#include "core/cache/content.h"

#include <fmt/core.h>
#include <xxhash.h>

namespace mat {

Content content_of(const void* bytes, std::size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(bytes, size);
  return {hash.high64, hash.low64};
}

std::string to_hex(const Content& content) {
  return fmt::format("{:016x}{:016x}", content.high, content.low);
}

}  // namespace mat
