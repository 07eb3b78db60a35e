#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/image/image.h"
#include "core/image/resize.h"
#include "trainers/data/picture_batches.h"

namespace mat {

// Which picture, and what it shows.
struct LabelledPlace {
  std::size_t picture = 0;
  int label = 0;
};

// The shorter side of pictures that views of size × size are taken from.
int level_side(int size);

// The picture with that shorter side, if it is at least a quarter larger: in `pixels`. Otherwise as
// it is.
ImageView shrunk_to_level(const ImageView& picture, int side, std::vector<std::uint8_t>& pixels,
                          ResizeScratch& scratch);

// Pictures in memory, once more in smaller sizes: a view of a picture that is little larger than
// itself is fast and keeps every pixel. For one thread at a time.
class PictureLevels {
 public:
  // The pixels must stay as long as this.
  explicit PictureLevels(std::vector<ImageView> pictures);

  // The pictures for views of size × size that may take half of their area. Valid as long as this.
  // Shrunk by all threads on the first call for a size, unless that would take much memory.
  const std::vector<ImageView>& for_size(int size);
  // level_side(size), or 0 where the pictures are as they were.
  int side_for_size(int size);
  std::vector<LabelledPicture> for_size(int size, const std::vector<LabelledPlace>& places);

 private:
  struct Level {
    std::vector<std::vector<std::uint8_t>> pixels;
    std::vector<ImageView> views;
    int side = 0;
  };
  const Level& level(int size);

  std::vector<ImageView> pictures_;
  std::map<int, Level> levels_;
};

}  // namespace mat
