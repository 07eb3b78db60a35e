#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands/prediction_output.h"
#include "core/model/picture_names.h"

namespace mat {

// Which pictures are asked about, and how the answers are printed: the same for whatever answers.
struct PredictionFlags {
  std::string folder;
  std::vector<std::string> pictures;
  std::int64_t top = 5;
  bool json = false, csv = false;

  void add_pictures_to(CLI::App* command);
  void add_output_to(CLI::App* command);

  // Whether they come through a pipe, each when it is there.
  bool is_piped() const { return pictures.size() == 1 && pictures.front() == "-"; }
  // Throws usage errors for what does not go together; `command` is how to say it right.
  PictureFeed::Source source(const std::string& command) const;
  // The classes have to outlive it.
  std::unique_ptr<PredictionOutput> output(const std::string& model,
                                           const std::vector<std::string>& classes,
                                           bool has_heatmaps = false) const;
};

// The exit code, after all answers: 1 with a note when some got none. Throws a usage
// error when there was none at all.
int end_of_predictions(std::int64_t count, std::int64_t failed);

}  // namespace mat
