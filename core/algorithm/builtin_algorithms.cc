#include <utility>

#include "core/algorithm/algorithm.h"

// The table of built-in algorithms. What stands here is all that specs, help, documents, the schema
// and the trainers know about them.

namespace mat {
namespace {

Hyperparameter integer(std::string name, std::string description, std::int64_t default_value,
                       double min, double max) {
  Hyperparameter h;
  h.name = std::move(name);
  h.description = std::move(description);
  h.type = ValueType::integer;
  h.default_value = default_value;
  h.min = min;
  h.max = max;
  return h;
}

Hyperparameter number(std::string name, std::string description, double default_value, double min,
                      std::optional<double> max = std::nullopt) {
  Hyperparameter h;
  h.name = std::move(name);
  h.description = std::move(description);
  h.default_value = default_value;
  h.min = min;
  h.max = max;
  return h;
}

Hyperparameter above(Hyperparameter h) {
  h.min_is_exclusive = true;
  return h;
}

// Up to 1, but not 1 itself: there momentum never forgets, and smoothing leaves nothing to learn.
Hyperparameter below_one(Hyperparameter h) {
  h.max = 1;
  h.max_is_exclusive = true;
  return h;
}

Hyperparameter boolean(std::string name, std::string description, bool default_value) {
  Hyperparameter h;
  h.name = std::move(name);
  h.description = std::move(description);
  h.type = ValueType::boolean;
  h.default_value = default_value;
  return h;
}

Hyperparameter text(std::string name, std::string description, std::string default_value) {
  Hyperparameter h;
  h.name = std::move(name);
  h.description = std::move(description);
  h.type = ValueType::string;
  h.default_value = std::move(default_value);
  return h;
}

// The first choice is the default.
Hyperparameter choice(std::string name, std::string description, std::vector<std::string> choices) {
  Hyperparameter h = text(std::move(name), std::move(description), choices.front());
  h.choices = std::move(choices);
  return h;
}

Hyperparameter histograms() {
  return boolean("histograms", "histograms of weights and gradients for TensorBoard", false);
}

// Batch normalization has nothing to normalize with in a batch of one.
constexpr double kLeastBatch = 2;

struct ImageSize {
  int standard, min, max;
};

std::vector<Hyperparameter> image_hyperparameters(ImageSize size) {
  return {
      integer("epochs", "times that every training picture is seen", 10, 1, 100000),
      integer("batch_size", "pictures per step", 32, kLeastBatch, 4096),
      above(number("lr", "learning rate after warm-up", 0.05, 0)),
      choice("optimizer", "how weights are updated", {"sgd", "adamw"}),
      below_one(number("momentum", "momentum of sgd", 0.9, 0)),
      boolean("nesterov", "Nesterov's form of momentum", true),
      number("weight_decay", "pull of the weights towards zero", 5e-4, 0),
      below_one(number("label_smoothing", "share of the target spread over all classes", 0.1, 0)),
      number("warmup", "fraction of all steps in which lr rises from 0", 0.1, 0, 1),
      choice("schedule", "what lr does after warm-up", {"cosine", "constant"}),
      integer("image_size", "width and height that the model sees, in pixels", size.standard,
              size.min, size.max),
      number("crop_min_area", "smallest share of a picture that a training crop keeps", 0.35, 0.05,
             1),
      boolean("flip", "mirror half of the training pictures", true),
      choice("class_weights", "balanced gives rare classes more weight", {"none", "balanced"}),
      above(
          number("validation_ratio", "share set aside when there is no val/ folder", 0.2, 0, 0.9)),
      integer("validate_every", "epochs between validations", 1, 1, 100000),
      choice("best_metric", "validation metric that chooses the best weights",
             {"accuracy", "f1", "loss"}),
      number("clip_norm", "largest norm of the gradient; 0 is no limit", 0, 0),
      choice("precision", "number format for computing; auto tries what is fastest",
             {"auto", "fp32", "bf16"}),
      choice("layout", "memory layout of pictures; auto tries what is fastest",
             {"auto", "contiguous", "channels_last"}),
      boolean("sync_batchnorm",
              "with several nodes: norms see the whole batch, not only a node's share", true),
      histograms(),
  };
}

std::vector<Hyperparameter> tabular_hyperparameters() {
  Hyperparameter target = text("target", "column to predict", "");
  target.default_value = nullptr;
  target.required = true;
  Hyperparameter hidden = text("hidden", "widths of the hidden layers", "128,64");
  hidden.pattern = "[1-9][0-9]{0,3}(,[1-9][0-9]{0,3}){0,15}";
  hidden.pattern_meaning = "widths like 128,64";
  return {
      target,
      choice("task", "auto: classification for texts and for at most 20 different whole numbers",
             {"auto", "classification", "regression"}),
      hidden,
      below_one(number("dropout", "share of hidden values dropped in training", 0.1, 0)),
      integer("epochs", "times that every training row is seen", 50, 1, 100000),
      integer("batch_size", "rows per step", 128, kLeastBatch, 65536),
      above(number("lr", "learning rate after warm-up", 1e-3, 0)),
      choice("optimizer", "how weights are updated", {"adamw", "sgd"}),
      below_one(number("momentum", "momentum of sgd", 0.9, 0)),
      boolean("nesterov", "Nesterov's form of momentum", true),
      number("weight_decay", "pull of the weights towards zero", 1e-4, 0),
      below_one(number("label_smoothing", "share of the target spread over all classes", 0, 0)),
      number("warmup", "fraction of all steps in which lr rises from 0", 0.1, 0, 1),
      choice("schedule", "what lr does after warm-up", {"cosine", "constant"}),
      choice("class_weights", "balanced gives rare classes more weight", {"none", "balanced"}),
      above(number("validation_ratio", "share of rows set aside for validation", 0.2, 0, 0.9)),
      integer("validate_every", "epochs between validations", 1, 1, 100000),
      choice(
          "best_metric",
          "validation metric that chooses the best weights; auto: accuracy, or rmse in regression",
          {"auto", "accuracy", "f1", "loss", "rmse"}),
      number("clip_norm", "largest norm of the gradient; 0 is no limit", 0, 0),
      choice("delimiter", "what stands between columns: comma, semicolon or tab",
             {",", ";", "tab"}),
      text("ignore_columns", "columns to leave out, separated by commas", ""),
      histograms(),
  };
}

std::vector<Hyperparameter> exeml_hyperparameters() {
  return {
      above(number("max_duration", "minutes after which the model is finished at the latest", 60, 0,
                   6000)),
      choice("preference",
             "performance_first: short training, small fast model; accuracy_first: long training, "
             "larger model, several tried",
             {"balance", "performance_first", "accuracy_first"}),
      above(
          number("validation_ratio", "share set aside when there is no val/ folder", 0.2, 0, 0.9)),
  };
}

Algorithm image_algorithm(std::string name, std::string description, ImageSize size) {
  Algorithm a;
  a.name = std::move(name);
  a.description = std::move(description);
  a.task = Task::image_classification;
  a.inputs = {{"data_url",
               "folder with one folder of pictures per class, or train/, val/, test/ "
               "folders of those",
               true}};
  a.outputs = {{"train_url", "folder that gets a copy of the results", false}};
  a.hyperparameters = image_hyperparameters(size);
  a.constraints.max_nodes = kMostNodes;
  return a;
}

Algorithm exeml() {
  Algorithm a = image_algorithm(
      kExemlAlgorithm,
      "The best image classifier within a time, without settings (mat exeml train)", {});
  a.inputs.push_back({"weights_url",
                      "weights to start from: a safetensors file with the keys of timm or "
                      "torchvision, or best.safetensors of a version",
                      false});
  a.hyperparameters = exeml_hyperparameters();
  a.constraints.max_nodes = 1;
  return a;
}

Algorithm tabular_mlp() {
  Algorithm a;
  a.name = "tabular_mlp";
  a.description = "Fully connected network on the rows of a CSV file";
  a.task = Task::tabular;
  a.inputs = {{"data_url",
               "CSV file with a header line, or a folder with train.csv and perhaps val.csv",
               true}};
  a.outputs = {{"train_url", "folder that gets a copy of the results", false}};
  a.hyperparameters = tabular_hyperparameters();
  return a;
}

}  // namespace

const std::vector<Algorithm>& builtin_algorithms() {
  constexpr ImageSize kPhotographs{128, 32, 1024};
  static const std::vector<Algorithm> kAlgorithms{
      image_algorithm("resnet18", "ResNet-18 for pictures, 11 million parameters", kPhotographs),
      image_algorithm("resnet34", "ResNet-34 for pictures, 21 million parameters", kPhotographs),
      image_algorithm("resnet50", "ResNet-50 for pictures, 24 million parameters", kPhotographs),
      image_algorithm("mobilenet_v3_small",
                      "MobileNetV3-Small for pictures, 1.5 million parameters: small and quick to "
                      "answer",
                      kPhotographs),
      image_algorithm("small_cnn",
                      "Small convolutional network for pictures of 32 pixels and below",
                      {32, 8, 32}),
      tabular_mlp(),
      exeml(),
  };
  return kAlgorithms;
}

}  // namespace mat
