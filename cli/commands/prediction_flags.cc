#include "cli/commands/prediction_flags.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "cli/commands/commands.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"

namespace mat {

void PredictionFlags::add_pictures_to(CLI::App* command) {
  command->add_option(
      "IMAGE", pictures,
      "Pictures (JPEG, PNG, BMP); - for one picture on stdin, or names of files. Of a "
      "model for tables: a CSV file, or - for one on stdin");
  command->add_option("--dir", folder, "All pictures below this folder")->type_name("DIR");
}

void PredictionFlags::add_output_to(CLI::App* command) {
  command->add_option("--top", top, "How many classes to name for each picture")
      ->type_name("N")
      ->check(whole_number_from(1))
      ->capture_default_str();
  command->add_flag("--csv", csv, "One row for each picture");
  add_json_flag(command, json);
}

PictureFeed::Source PredictionFlags::source(const std::string& command) const {
  if (json && csv) throw Error(ErrorKind::usage, "--json or --csv, not both");
  if (folder.empty() == pictures.empty()) {
    throw Error(ErrorKind::usage, "pictures are named one by one, by --dir, or on stdin with -",
                fmt::format("{0} a.jpg b.jpg; {0} --dir DIR; find … | {0} -", command));
  }
  if (!is_piped() && std::find(pictures.begin(), pictures.end(), "-") != pictures.end()) {
    throw Error(ErrorKind::usage, "- stands for all pictures, and not beside others",
                "a file of that name is ./-");
  }
  if (!folder.empty()) return pictures_below(folder);
  return is_piped() ? piped_pictures(STDIN_FILENO) : named_pictures(pictures);
}

std::unique_ptr<PredictionOutput> PredictionFlags::output(const std::string& model,
                                                          const std::vector<std::string>& classes,
                                                          bool has_heatmaps) const {
  const auto most = static_cast<std::size_t>(top);
  if (json) return prediction_json(model, classes, most);
  return csv ? prediction_csv(classes, most, has_heatmaps) : prediction_lines(classes, most);
}

int end_of_predictions(std::int64_t count, std::int64_t failed) {
  if (count == 0) throw Error(ErrorKind::usage, "there is no picture to answer for");
  if (failed == 0) return 0;
  note(fmt::format("{} of {} got no answer", failed, counted(count, "picture")));
  return 1;
}

}  // namespace mat
