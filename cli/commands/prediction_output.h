#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/model/predict.h"

namespace mat {

// Writes predictions one by one, as they come.
class PredictionOutput {
 public:
  virtual ~PredictionOutput() = default;
  // `heatmap`: the file that shows what the model looked at; empty: none.
  virtual void add(const Prediction& prediction, const std::string& heatmap = {}) = 0;
  virtual void finish() {}
};

// For people: "dir/a.jpg  rose  0.93  tulip 0.04", a picture that cannot be read in red.
std::unique_ptr<PredictionOutput> prediction_lines(const std::vector<std::string>& classes,
                                                   std::size_t top);
// {"model", "predictions": [{"file", "predicted", "scores": [{"label", "score"}], "warning",
// "heatmap" (where there are such)}, {"file", "error"}]}, one document that is written while it
// grows.
std::unique_ptr<PredictionOutput> prediction_json(const std::string& model,
                                                  const std::vector<std::string>& classes,
                                                  std::size_t top);
// RFC 4180: file,label_1,score_1,…,error,warning, and then heatmap where there are any.
std::unique_ptr<PredictionOutput> prediction_csv(const std::vector<std::string>& classes,
                                                 std::size_t top, bool has_heatmaps);

}  // namespace mat
