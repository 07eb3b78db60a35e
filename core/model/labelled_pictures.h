#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/dataset/picture_set.h"

namespace mat {

// Which pictures of labelled data a model is asked about.
enum class Asked {
  held_out,  // those for validation and test, where the data says so; otherwise all
  all,
  train,
  validation,
  test,
};
Asked parse_asked(const std::string& text);  // "held-out", "all", "train", "eval", "test"

// Labelled data as a model of given classes can be measured on it.
struct LabelledPictures {
  PictureSet set;                   // of the model's classes, in their order
  Asked part = Asked::all;          // that they are: all, where the data is not split
  std::vector<std::string> slices;  // of each sample, the value of the slice key; empty: none
  std::int64_t unlabelled = 0, several_labels = 0;
  std::map<std::string, std::int64_t> unknown_labels;  // that the model has not, and how often
  std::int64_t unusable = 0;                           // problems of single pictures or lines
  std::vector<std::string> problems;                   // the first of them
};

// Reads any labelled data that import_pictures() knows. `slice_key` is a key of a manifest's line,
// of its "property", or of the "property" of its annotation; "folder" is the picture's folder.
// Throws usage errors, also when nothing is left that the model knows.
LabelledPictures read_labelled(const std::filesystem::path& data,
                               const std::vector<std::string>& classes, Asked asked,
                               const std::string& slice_key);

}  // namespace mat
