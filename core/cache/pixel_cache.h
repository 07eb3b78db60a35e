#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/image/decode.h"
#include "core/image/image.h"

namespace mat {

// The short side with which datasets are published, checked and learnt from by exeml: one for all,
// so that a picture is decoded once. Enough for a training that ends at 96 pixels and crops to no
// less than 45 % of a picture.
constexpr int kCommonShortSide = 144;

// Pictures decoded once, shrunk to a short side, and kept as 8-bit RGB in one memory-mapped file
// per short side, keyed by the content of the picture file. A list beside it remembers which
// content a path had (size, times, inode), so that an unchanged file is not even opened. What could
// not be decoded is remembered too.
//
// Several processes may use and extend the same cache at once, and it may be deleted at any time. A
// crash loses at most what was not yet written; a damaged entry is noticed by its checksum and made
// again. Where nothing may be written, pictures are kept in memory instead. Nothing is ever
// removed from a cache.
class PixelCache {
 public:
  struct Picture {
    ImageView view;       // valid as long as the cache object
    std::string problem;  // why the file has no picture; then `view` is empty
    std::string warning;
    int original_width = 0, original_height = 0;
    ImageFormat format = ImageFormat::unknown;
    std::uint8_t traits = 0;  // PictureTrait bits
    // XXH3-128 of the file's bytes; zeros when they could not be read.
    std::uint64_t content_high = 0, content_low = 0;
  };

  struct Statistics {
    std::int64_t decoded = 0;  // files that had to be decoded now
    std::int64_t reused = 0;   // found in the cache, or the same as another of these files
    std::int64_t unread = 0;   // of the reused: known by size and times, so not even opened
    std::string note;          // for the log: why pictures are kept in memory; else empty
  };

  // Is given the pixels of every file that has a picture, once, while they are at hand, for
  // measures that need no second pass over the pixels of all; in any order, by several threads at
  // once, and valid for the call only.
  using Visit = std::function<void(std::size_t index, const ImageView& picture)>;

  // `folder` is made when needed. `short_side` > 0: pictures larger than that are shrunk to it.
  // Throws io errors.
  PixelCache(const std::filesystem::path& folder, int short_side);
  ~PixelCache();

  // Finds or makes every file's picture, in order of `files` (absolute paths), with `threads`
  // threads. `progress(done, total)`, which may be empty, is called from the calling thread about
  // ten times a second; when it returns false, what has been decoded is kept and an interrupted
  // error is thrown. A full disk is an io error. `statistics` may be null and `visit` empty. For
  // one thread at a time.
  std::vector<Picture> load(const std::vector<std::filesystem::path>& files, int threads,
                            const std::function<bool(std::int64_t, std::int64_t)>& progress,
                            Statistics* statistics, const Visit& visit = {});

  // Mapped pixels that were looked at count as memory of this process, which is much where each of
  // many pictures is looked at once. This gives them back; views stay valid. load() does so for
  // what it reads itself.
  void release_pages();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mat
