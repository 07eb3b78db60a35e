#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace mat {

enum class Usage { train, validation, test };

struct ImageSample {
  std::filesystem::path file;  // absolute
  std::string name;            // relative to the data folder, with '/'
  int label = 0;               // index into classes
  Usage usage = Usage::train;
};

// Labelled pictures on disk. Classes are in the order of their names (bytewise), samples in the
// order of theirs, so that the same folder gives the same data everywhere.
struct ImageFolder {
  std::filesystem::path root;
  std::vector<std::string> classes;
  std::vector<ImageSample> samples;
  std::vector<std::string> ignored;  // files that are no pictures by name (".DS_Store", notes.txt)
};

struct SplitOptions {
  double validation_ratio = 0.2;  // when there is no val/ folder: this part of every class
  std::uint64_t seed = 0;
};

// Reads ROOT/CLASS/files, or ROOT/train/CLASS/files with val (also valid, validation, eval) and
// test beside it. Folders below a class belong to it. Where there is no validation folder, every
// class is split by the seed: the choice depends on the seed and each file's name only. Any regular
// file counts as a picture unless its name says otherwise (hidden, Thumbs.db, desktop.ini, .txt,
// .csv, .json, .md, .xml, .yaml): its bytes decide later. Links to files are followed when they
// stay inside ROOT or lead to a regular file; folder loops are not. Throws usage errors: no such
// folder, fewer than two classes with pictures, a class of the validation folder that is not in
// train.
ImageFolder read_image_folder(const std::filesystem::path& root, const SplitOptions& options);

}  // namespace mat
