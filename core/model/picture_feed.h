#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/image/decode.h"

namespace mat {

// A picture to be asked about. Without bytes it is the file of that name.
struct NamedPicture {
  std::string name;
  std::optional<std::vector<std::uint8_t>> bytes;
};

// A picture ready for a model, or `decoded.problem`, which says why it is not.
struct FedPicture {
  std::string name;
  DecodeResult decoded;
};

// Reads and decodes pictures with several threads, a few ahead of whoever takes them, in order. To
// be used by one thread.
class PictureFeed {
 public:
  // The next picture, nothing at the end. Called by the feed's threads, one at a time, and not
  // before there is room: names may come from a pipe. What it throws comes out of next().
  using Source = std::function<std::optional<NamedPicture>()>;

  // Pictures are shrunk to `short_side`. At most `ahead` are decoded and not yet taken.
  PictureFeed(Source source, int short_side, int threads, std::size_t ahead);
  // Waits for a call of the source that is under way.
  ~PictureFeed();

  // The next one in the order of the source; nothing at the end.
  std::optional<FedPicture> next();
  // How many can be taken now without waiting.
  std::size_t ready() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mat
