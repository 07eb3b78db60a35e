#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/model/predict.h"

namespace mat {

// Writes a picture for each prediction: what the model looked at for its answer, laid over it.
class HeatmapFiles {
 public:
  // Makes the folder.
  explicit HeatmapFiles(std::filesystem::path folder);

  // FOLDER/NAME-heatmap.jpg, NAME from the picture's own; with a number where there is such a file
  // already: it may be one of the pictures. A prediction with a problem has none. Gives its path;
  // empty where there is none.
  std::string add(PictureModel& model, const Prediction& prediction);

 private:
  std::filesystem::path path_for(const std::string& picture);

  std::filesystem::path folder_;
  std::map<std::string, int> numbers_;
};

}  // namespace mat
