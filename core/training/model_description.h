#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace mat {

// How a picture becomes what a network sees: shrunk until its shorter side is `short_side`, then,
// for each view, a square of it is resized to image_size × image_size, its colours c (0 to 1)
// become (c - mean) / deviation. Training, evaluation, prediction, services and exports share it.
struct Preprocessing {
  int image_size = 0;  // pixels
  int short_side = 0;  // pixels; smaller pictures stay as they are
  // Then, where its shorter side is a quarter longer than this or more, shrunk to it; 0: not.
  int level_side = 0;
  // "margin" (torchvision's evaluation preset), "whole", "centre", "first" or "last": see View in
  // trainers/data/picture_views.h. The answer is the mean of the probabilities over all views.
  std::vector<std::string> views = {"margin"};
  bool mirrored = false;                // each view once more, mirrored
  std::vector<double> mean, deviation;  // red, green, blue
};

// What is needed beside its weights to answer with a classifier of pictures.
struct ModelDescription {
  std::string network;  // as make_image_network() knows it, or kTorchScript
  std::vector<std::string> classes;
  Preprocessing preprocessing;
  double temperature = 1;  // turns each probability p into p^(1/T), made to sum to 1 again
};

// Instead of a network's name: the file is a TorchScript program, which knows its own network. It
// takes float [N, 3, image_size, image_size], colours from 0 to 1 normalized by preprocessing.mean
// and deviation, and gives logits [N, classes]. A program that normalizes by itself, as mat's own
// exports do, is described with a mean of 0 and a deviation of 1. Programs tell what they need as
// attributes: classes (List[str]), image_size (int), and those of short_side, level_side, views,
// mirrored, mean, std and temperature that are not the default; normalizes (bool) says that mean
// and std are no concern of the caller. See Trainer::describe_file().
constexpr const char* kTorchScript = "torchscript";

// Of a weights file that mat has written, by the header of the file alone. Throws io errors for
// what is no such file, and a usage error for weights that are no classifier of pictures.
ModelDescription describe_weights(const std::filesystem::path& file);

// {"network", "classes", "preprocessing": {"image_size", "short_side", "level_side", "views",
// "mirrored", "mean", "std"}, "temperature"}; `what` names the source in errors (io): missing keys,
// wrong types, values that cannot be. all of preprocessing but image_size, and temperature, may be
// absent.
Json to_json(const ModelDescription& description);
ModelDescription model_description_from_json(const Json& json, const std::string& what);

}  // namespace mat
