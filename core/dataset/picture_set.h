#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/cache/content.h"
#include "core/dataset/usage.h"

namespace mat {

struct PictureSample {
  std::filesystem::path file;  // absolute
  std::string name;            // relative to the data folder, with '/'; any bytes but NUL
  int label = 0;               // index into classes
  Usage usage = Usage::train;
  std::optional<Content> content;  // what it had in it when it was published
};

// Labelled pictures on disk. Classes are in the order of their names (bytewise), samples in the
// order of theirs, so that the same folder gives the same data everywhere.
struct PictureSet {
  std::filesystem::path root;  // absolute, links resolved
  std::vector<std::string> classes;
  std::vector<PictureSample> samples;
  // What is there but is no picture by name, place or type (".DS_Store", notes.txt, a file outside
  // the class folders, a pipe, a link to a folder elsewhere), in order of its name.
  std::vector<std::string> ignored;
  // The file it was read from; empty for a folder.
  std::filesystem::path manifest;
  // In the manifest, but not among the samples.
  std::int64_t unlabelled = 0, several_labels = 0;
};

// Of the samples, in their order: what PixelCache::load() takes.
std::vector<std::filesystem::path> files_of(const PictureSet& set);

}  // namespace mat
