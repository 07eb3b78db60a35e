#include "core/model/predict.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "cli/commands/commands.h"
#include "cli/commands/heatmap_files.h"
#include "cli/commands/model_opening.h"
#include "cli/commands/prediction_output.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/model/picture_names.h"

namespace mat {
namespace {

struct PredictFlags {
  ModelFlags model;
  std::string folder, heatmaps;
  std::vector<std::string> pictures;
  std::int64_t top = 5;
  bool json = false, csv = false;
};

PictureFeed::Source source_of(const PredictFlags& flags) {
  const bool is_piped = flags.pictures.size() == 1 && flags.pictures.front() == "-";
  if (flags.folder.empty() == flags.pictures.empty()) {
    throw Error(
        ErrorKind::usage, "pictures are named one by one, by --dir, or on stdin with -",
        "mat predict REF a.jpg b.jpg; mat predict REF --dir DIR; find … | mat predict REF -");
  }
  if (!is_piped &&
      std::find(flags.pictures.begin(), flags.pictures.end(), "-") != flags.pictures.end()) {
    throw Error(ErrorKind::usage, "- stands for all pictures, and not beside others",
                "a file of that name is ./-");
  }
  if (!flags.folder.empty()) return pictures_below(flags.folder);
  return is_piped ? piped_pictures(STDIN_FILENO) : named_pictures(flags.pictures);
}

std::unique_ptr<PredictionOutput> output_of(const PredictFlags& flags, const ModelSource& source) {
  const auto top = static_cast<std::size_t>(flags.top);
  const std::vector<std::string>& classes = source.description.classes;
  if (flags.json) return prediction_json(source.reference, classes, top);
  return flags.csv ? prediction_csv(classes, top) : prediction_lines(classes, top);
}

int predict_pictures(const Context& context, const PredictFlags& flags) {
  if (flags.json && flags.csv) throw Error(ErrorKind::usage, "--json or --csv, not both");
  PictureFeed::Source pictures = source_of(flags);
  const auto [source, request] = model_to_open(context, flags.model);
  const std::unique_ptr<PictureModel> model = load_trainer().open_model(request);

  const std::unique_ptr<PredictionOutput> output = output_of(flags, source);
  PredictOptions options;
  options.threads = request.threads;
  options.batch_size = request.batch_size;
  std::optional<HeatmapFiles> heatmaps;
  if (!flags.heatmaps.empty()) heatmaps.emplace(flags.heatmaps);
  std::int64_t count = 0, failed = 0;
  predict(*model, source.description, std::move(pictures), options,
          [&](const Prediction& prediction) {
            ++count;
            if (!prediction.problem.empty()) ++failed;
            if (heatmaps) heatmaps->add(*model, prediction);
            output->add(prediction);
          });
  output->finish();
  if (count == 0) throw Error(ErrorKind::usage, "there is no picture to answer for");
  if (failed == 0) return 0;
  note(fmt::format("{} of {} could not be read", failed, counted(count, "picture")));
  return 1;
}

}  // namespace

void add_predict_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<PredictFlags>();
  CLI::App* command = app.add_subcommand("predict", "Say what pictures show, with a trained model");
  flags->model.add_to(command);
  command->add_option("IMAGE", flags->pictures,
                      "Pictures (JPEG, PNG, BMP); - for one picture on stdin, or names of files");
  command->add_option("--dir", flags->folder, "All pictures below this folder")->type_name("DIR");
  command->add_option("--top", flags->top, "How many classes to name for each picture")
      ->type_name("N")
      ->check(whole_number_from(1))
      ->capture_default_str();
  command
      ->add_option("--heatmap", flags->heatmaps,
                   "Write pictures of what the model looked at for its answers into this folder")
      ->type_name("DIR");
  command->add_flag("--csv", flags->csv, "One row for each picture");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] { return predict_pictures(context, *flags); });
}

}  // namespace mat
