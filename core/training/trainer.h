#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/image/image.h"
#include "core/metrics/event_summary.h"
#include "core/training/model_description.h"
#include "core/training/node_group.h"
#include "core/training/table_description.h"

// The interface between mat and its trainers module, which holds LibTorch and is loaded only to
// train and to answer. Both are built together; kTrainerAbi changes with every change to this file.

namespace mat {

constexpr int kTrainerAbi = 10;

struct TrainRequest {
  std::string algorithm;                                // a built-in algorithm's name
  Json hyperparameters;                                 // complete and checked against its table
  std::map<std::string, std::filesystem::path> inputs;  // channel → absolute path
  std::filesystem::path version_folder;  // results go here: output/, evaluation.json, …
  std::filesystem::path cache_folder;    // decoded pictures; shared with other trainings
  std::uint64_t seed = 0;
  // LibTorch's threads, all busy. Besides them, one prepares batches of pictures on the CPU, which
  // is light; beside a GPU threads - 1 do, at least one.
  int threads = 1;
  std::string device = "auto";  // "cpu", "gpu" or "auto"
  bool resume =
      false;  // go on from the newest whole checkpoint in version_folder/checkpoint, if any
  // With others, every node gets the same request but for this. Only node 0 writes into
  // version_folder and reports anything but lines and phases.
  NodeGroup group;
};

struct Progress {
  int epoch = 0;  // the one under way, from 1
  int epochs = 0;
  std::string stage;      // instead of epochs, of a training bound by time: "trial 1 of 4"
  std::int64_t step = 0;  // batches done since the start
  std::int64_t steps = 0;
  double samples_per_second = 0;  // over the last seconds
  double loss = 0;                // smoothed
  std::string metric_name;        // the validation metric that chooses the best weights
  double metric = 0;              // its last value; NaN before the first validation
  double seconds_left = 0;        // an estimate; NaN when not known yet
};

// What a training tells whoever started it. Called from the training's own thread only. May throw
// mat::Error (a full disk, say), which ends the training and comes out of train().
class TrainObserver {
 public:
  virtual ~TrainObserver() = default;

  // A line for the log, without a line break.
  virtual void log(std::string_view line) = 0;
  // A step that takes noticeable time and is not an epoch: "reading pictures", 120 of 600.
  virtual void phase(std::string_view what, std::int64_t done, std::int64_t total) = 0;
  virtual void progress(const Progress& progress) = 0;
  // One point of a metric's curve. Names are "accuracy", "f1", "precision", "recall", "loss" for
  // validation and "train_loss", "lr", "images_per_second" for training. Steps never fall.
  virtual void metric(std::string_view name, std::int64_t step, double value) = 0;
  // What TensorBoard shows besides the curves. Without an answer here, nobody sees it.
  virtual void summary(const EventSummary& /*summary*/) {}
  // Something about the run that belongs into its record: "device", "precision", "layout",
  // "dataset" {…}, "parameters" (their count). A later value replaces an earlier one.
  virtual void record(std::string_view key, const Json& value) = 0;
  // Asked between batches. When true, train() saves what it has and returns.
  virtual bool stop_requested() = 0;

  // What the observer must know to go on from here; kept inside a checkpoint. Everything that was
  // reported before the call belongs to it, and is on the disk when it returns.
  virtual Json checkpoint_state() = 0;
  // The state that came with the checkpoint from which the training goes on: what was reported
  // after it is forgotten. Null when there is no checkpoint and it starts over. Called once when
  // request.resume is set, before anything else is reported but log lines and phases.
  virtual void restore(const Json& state) = 0;
};

struct TrainOutcome {
  bool stopped = false;  // stop_requested() ended it before its last epoch
};

struct ModelRequest {
  std::filesystem::path file;  // weights (safetensors), or a TorchScript program
  ModelDescription description;
  std::filesystem::path cache_folder;  // where the choice of a layout is kept
  int threads = 1;                     // LibTorch's, all busy while it answers
  std::string device = "auto";         // "cpu", "gpu" or "auto"
  // "fp32", "bf16", or the fastest: "auto". Different precisions give slightly different answers.
  std::string precision = "fp32";
  std::string layout = "auto";  // "contiguous", "channels_last" or the fastest
  int batch_size = 32;          // how many pictures it is asked about at once, as a rule
};

// Which parts of a picture spoke for a class (Grad-CAM, Selvaraju et al.; LayerCAM, Jiang et al.),
// of what the network saw in the picture's "whole" view, or in the model's first view if that is
// not among them.
struct Heatmap {
  int width = 0, height = 0;  // few
  std::vector<float> values;  // rows from the top, 0 to 1; all 0 where nothing spoke for the class
  // The view's edges in pixels of the picture. It may reach beyond the picture, where it was
  // mirrored.
  double left = 0, top = 0, right = 0, bottom = 0;
};

// A classifier of pictures, ready to answer. To be used by one thread at a time.
class PictureModel {
 public:
  virtual ~PictureModel() = default;

  // Probabilities, picture after picture, one for each class, after the temperature. Pictures are
  // upright and shrunk to the description's short_side (see read_for_model()). Throws mat::Error.
  virtual std::vector<float> answer(const std::vector<ImageView>& pictures) = 0;

  virtual Heatmap heatmap(const ImageView& picture, int class_number) = 0;

  // {"device", "precision", "layout", "threads"}
  virtual Json facts() const = 0;
};

struct TableRequest {
  std::filesystem::path file;  // weights (safetensors)
  TableDescription description;
  int threads = 1;
  std::string device = "auto";  // "cpu", "gpu" or "auto"
};

// A network for rows of tables, ready to answer. To be used by one thread at a time.
class TableModel {
 public:
  virtual ~TableModel() = default;

  // `inputs` is what the description's encoder makes of rows. Row after row: a probability for each
  // class, or the value of a regression's target in its own unit. Throws mat::Error.
  virtual std::vector<double> answer(std::vector<float> inputs) = 0;

  // {"device", "precision", "threads"}
  virtual Json facts() const = 0;
};

struct ExportRequest {
  ModelRequest model;
  std::string format;         // "torchscript", "onnx" or "safetensors"
  std::filesystem::path out;  // a new file there, or nothing
  // What the exported model must answer as the model itself does.
  std::vector<ImageView> pictures;
};

// The same of a network for rows of tables.
struct TableExportRequest {
  TableRequest model;
  std::string format;
  std::filesystem::path out;
  // The rows that both are asked about, as the description's encoder gives them by encode() and by
  // numbers().
  std::vector<float> inputs;
  std::vector<double> numbers;
};

struct ExportOutcome {
  std::int64_t inputs = 0;  // compared: views of pictures, or rows
  // Of any logit; of the value of a regression, in deviations of its target.
  double largest_difference = 0;
};

// One per process. Not thread safe.
class Trainer {
 public:
  virtual ~Trainer() = default;

  // Trains, evaluates and writes into request.version_folder: output/best.safetensors and
  // output/last.safetensors, evaluation.json, predictions.jsonl; and checkpoint/step-N.ckpt at
  // least every minute, after every epoch and at a stop, of which the last two are kept. With the
  // same request and thread count the weights are the same bit for bit, however often it was
  // killed and resumed. Throws mat::Error; NodesLost when another node does not answer any more.
  virtual TrainOutcome train(const TrainRequest& request, TrainObserver& observer) = 0;

  // What a file of weights or a TorchScript program tells of itself: those keys of
  // to_json(ModelDescription) that it knows, "network" always. mat's own files and exports tell
  // all; of other weights the network is known by timm's or torchvision's keys. Throws io errors
  // for what is neither, a usage error for weights that fit no network.
  virtual Json describe_file(const std::filesystem::path& file) = 0;

  // Throws usage errors for weights that do not fit the description, io errors for the file.
  // A TorchScript program is code: what it does, LibTorch does.
  virtual std::unique_ptr<PictureModel> open_model(const ModelRequest& request) = 0;

  // The same for rows of tables.
  virtual std::unique_ptr<TableModel> open_table_model(const TableRequest& request) = 0;

  // Writes the model in another format, reads it back and compares all views of the pictures, in
  // fp32 on the CPU: where a logit differs by more than 1e-4, or a class wins that has not the
  // model's highest logit, it is an error and no file is left. What stood at `out` is replaced.
  // Without pictures, and for a TorchScript program in any format but its own, a usage error.
  virtual ExportOutcome export_model(const ExportRequest& request) = 0;

  // The same with rows in place of pictures.
  virtual ExportOutcome export_table_model(const TableExportRequest& request) = 0;

  // {"libtorch": "1.13.1", "blas": "…", "devices": [{"name": "cpu", …}], "problems":
  // [{"what": …, "hint": …}]}, for `doctor` and for the record of a version.
  virtual Json describe() = 0;
};

// The module's one entry: extern "C" mat::Trainer* mat_trainer(int abi). Null when abi is not its
// own kTrainerAbi. The trainer belongs to the module and lives as long as the process.
using TrainerEntry = Trainer* (*)(int abi);
constexpr const char* kTrainerEntryName = "mat_trainer";

// Opens the module: beside the running program, in ../lib/mat beside its folder, or where
// MAT_TRAINERS_MODULE says. It is never closed. Throws an io error that names the places looked at
// and LibTorch libraries that are missing. Thread count settings of OpenMP must be made before.
Trainer& load_trainer();

}  // namespace mat
