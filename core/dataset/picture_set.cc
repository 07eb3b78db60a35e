#include "core/dataset/picture_set.h"

namespace mat {

std::vector<std::filesystem::path> files_of(const PictureSet& set) {
  std::vector<std::filesystem::path> files;
  files.reserve(set.samples.size());
  for (const PictureSample& sample : set.samples) files.push_back(sample.file);
  return files;
}

}  // namespace mat
