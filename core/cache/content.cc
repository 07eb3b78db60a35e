#include "core/cache/content.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <charconv>

namespace mat {

Content content_of(const void* bytes, std::size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(bytes, size);
  return {hash.high64, hash.low64};
}

std::string to_hex(const Content& content) {
  return fmt::format("{:016x}{:016x}", content.high, content.low);
}

std::optional<Content> content_from_hex(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  const auto half = [&](std::size_t begin) {
    std::uint64_t value = 0;
    const char* end = text.data() + begin + 16;
    const auto result = std::from_chars(text.data() + begin, end, value, 16);
    return result.ptr == end && result.ec == std::errc() ? std::optional(value) : std::nullopt;
  };
  const auto high = half(0);
  const auto low = half(16);
  if (!high || !low) return std::nullopt;
  return Content{*high, *low};
}

}  // namespace mat
