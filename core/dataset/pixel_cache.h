#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/dataset/image_folder.h"
#include "core/image/image.h"

namespace mat {

// Pictures decoded once, shrunk to a short side, and kept as 8-bit RGB in one memory-mapped file
// per short side, keyed by the content of the picture file (XXH3-128). A list beside it remembers
// which content a path had (size, times, inode), so that an unchanged file is not even opened.
// Several processes may use and extend the same cache at once. A crash loses at most what was not
// yet written; a damaged entry is noticed by its checksum and made again.
class PixelCache {
 public:
  struct Picture {
    ImageView view;       // valid as long as the cache object
    std::string problem;  // why the file has no picture; then `view` is empty
    std::string warning;
    int original_width = 0, original_height = 0;
    std::uint64_t content_high = 0, content_low = 0;  // XXH3-128 of the file's bytes
  };

  struct Statistics {
    std::int64_t decoded = 0;  // files that had to be decoded now
    std::int64_t reused = 0;   // found in the cache
    std::int64_t unread = 0;   // of the reused: known by size and times, so not even opened
  };

  // `folder` is made when needed. `short_side` > 0: pictures larger than that are shrunk to it.
  PixelCache(const std::filesystem::path& folder, int short_side);
  ~PixelCache();

  // Finds or makes every sample's picture, in order of `samples`, with `threads` threads.
  // `progress(done, total)` is called from the calling thread about ten times a second; when it
  // returns false, the rest is left and an interrupted error is thrown.
  std::vector<Picture> load(const std::vector<ImageSample>& samples, int threads,
                            const std::function<bool(std::int64_t, std::int64_t)>& progress,
                            Statistics* statistics);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mat
