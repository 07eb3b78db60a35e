#include "core/model/predict.h"

#include <memory>
#include <optional>

#include "cli/commands/commands.h"
#include "cli/commands/heatmap_files.h"
#include "cli/commands/model_opening.h"
#include "cli/commands/predict_rows.h"
#include "cli/commands/prediction_flags.h"
#include "core/base/error.h"

namespace mat {
namespace {

struct PredictFlags {
  ModelFlags model;
  PredictionFlags predictions;
  std::string heatmaps;
};

int predict_pictures(const Context& context, const PredictFlags& flags) {
  PictureFeed::Source pictures = flags.predictions.source("mat predict MODEL");
  const auto [source, request] = model_to_open(context, flags.model);
  const std::unique_ptr<PictureModel> model = load_trainer().open_model(request);

  const auto output = flags.predictions.output(source.reference, source.description.classes,
                                               !flags.heatmaps.empty());
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
            output->add(prediction, heatmaps ? heatmaps->add(*model, prediction) : "");
            // Whoever sends names may wait for the answers before there is another name.
            flush_output();
          });
  output->finish();
  return end_of_predictions(count, failed);
}

int predict_table(const TableToOpen& table, const PredictFlags& flags) {
  if (!flags.heatmaps.empty()) {
    throw Error(ErrorKind::usage, "--heatmap is for pictures: " + table.source.reference +
                                      " answers for rows of tables");
  }
  return predict_rows(table, flags.predictions);
}

}  // namespace

void add_predict_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<PredictFlags>();
  CLI::App* command = app.add_subcommand("predict",
                                         "Say what pictures show, or predict a column of rows, "
                                         "with a trained model");
  flags->model.add_to(command);
  flags->predictions.add_pictures_to(command);
  command
      ->add_option("--heatmap", flags->heatmaps,
                   "Write pictures of what the model looked at for its answers into this folder")
      ->type_name("DIR");
  flags->predictions.add_output_to(command);
  set_action(command, context, [&context, flags] {
    const auto table = table_to_open(context, flags->model);
    return table ? predict_table(*table, *flags) : predict_pictures(context, *flags);
  });
}

}  // namespace mat
