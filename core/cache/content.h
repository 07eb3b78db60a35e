#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mat {

// XXH3-128 of some bytes: two pictures of the same content are the same picture.
struct Content {
  std::uint64_t high = 0, low = 0;

  bool operator==(const Content&) const = default;
};

Content content_of(const void* bytes, std::size_t size);

// 32 hexadecimal digits, as xxh128sum prints them.
std::string to_hex(const Content& content);

// The content that to_hex() wrote; nothing for any other text.
std::optional<Content> content_from_hex(std::string_view text);

// For hash tables; the content is a hash already.
struct ContentHash {
  std::size_t operator()(const Content& content) const { return content.low; }
};

}  // namespace mat
