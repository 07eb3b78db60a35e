#include "trainers/training/torch_trainer.h"

#include <ATen/Parallel.h>
#include <malloc.h>

#include <string>
#include <utility>

#include "core/algorithm/algorithm.h"
#include "core/base/error.h"
#include "trainers/answering/table_model.h"
#include "trainers/answering/torch_model.h"
#include "trainers/exeml/exeml_training.h"
#include "trainers/export/export_model.h"
#include "trainers/export/export_table.h"
#include "trainers/torch.h"
#include "trainers/training/image_training.h"
#include "trainers/training/libtorch_errors.h"
#include "trainers/training/machine.h"
#include "trainers/training/tabular_training.h"

namespace mat {
namespace {

// A model whose exceptions come out as ours.
class TranslatedModel : public PictureModel {
 public:
  TranslatedModel(std::unique_ptr<PictureModel> model, std::string what)
      : model_(std::move(model)), what_(std::move(what)) {}

  std::vector<float> answer(const std::vector<ImageView>& pictures) override {
    return translated(what_, [&] { return model_->answer(pictures); });
  }
  Heatmap heatmap(const ImageView& picture, int class_number) override {
    return translated(what_, [&] { return model_->heatmap(picture, class_number); });
  }
  Json facts() const override { return model_->facts(); }

 private:
  std::unique_ptr<PictureModel> model_;
  std::string what_;
};

class TranslatedTable : public TableModel {
 public:
  TranslatedTable(std::unique_ptr<TableModel> model, std::string what)
      : model_(std::move(model)), what_(std::move(what)) {}

  std::vector<double> answer(std::vector<float> inputs) override {
    return translated(what_, [&] { return model_->answer(std::move(inputs)); });
  }
  Json facts() const override { return model_->facts(); }

 private:
  std::unique_ptr<TableModel> model_;
  std::string what_;
};

class TorchTrainer : public Trainer {
 public:
  TorchTrainer() {
#ifdef __GLIBC__
    // Training asks for the same large blocks again and again. Handed back to the system between,
    // each costs a page fault for every 4 KiB: a tenth of the time of a step.
    ::mallopt(M_MMAP_MAX, 0);
    ::mallopt(M_TRIM_THRESHOLD, -1);
    ::mallopt(M_TOP_PAD, 64 << 20);
#endif
    // Before the first thread starts, so that all inherit it: numbers too small for a normal float
    // are computed many times slower and carry nothing.
    at::globalContext().setFlushDenormal(true);
  }

  TrainOutcome train(const TrainRequest& request, TrainObserver& observer) override {
    const Algorithm* const algorithm = find_builtin_algorithm(request.algorithm);
    if (algorithm == nullptr) {
      throw Error(ErrorKind::bug, "no trainer for algorithm '" + request.algorithm + "'");
    }
    return translated("hyperparameters of " + request.algorithm, [&] {
      at::set_num_threads(request.threads);
      if (request.algorithm == kExemlAlgorithm) return train_exeml(request, observer);
      return algorithm->task == Task::tabular ? train_table(request, observer)
                                              : train_images(request, observer);
    });
  }

  Json describe_file(const std::filesystem::path& file) override {
    return translated(file.string(), [&] { return describe_model_file(file); });
  }

  std::unique_ptr<PictureModel> open_model(const ModelRequest& request) override {
    const std::string what = "the model '" + request.file.string() + "'";
    return translated(what, [&]() -> std::unique_ptr<PictureModel> {
      return std::make_unique<TranslatedModel>(open_torch_model(request), what);
    });
  }

  std::unique_ptr<TableModel> open_table_model(const TableRequest& request) override {
    const std::string what = "the model '" + request.file.string() + "'";
    return translated(what, [&]() -> std::unique_ptr<TableModel> {
      return std::make_unique<TranslatedTable>(open_torch_table(request), what);
    });
  }

  ExportOutcome export_model(const ExportRequest& request) override {
    return translated("the model '" + request.model.file.string() + "'",
                      [&] { return write_export(request); });
  }

  ExportOutcome export_table_model(const TableExportRequest& request) override {
    return translated("the model '" + request.model.file.string() + "'",
                      [&] { return write_table_export(request); });
  }

  Json describe() override { return translated("the machine", describe_machine); }
};

}  // namespace

Trainer& torch_trainer() {
  // Never destroyed: LibTorch's own statics may be gone before it would be.
  static auto* const trainer = new TorchTrainer;
  return *trainer;
}

}  // namespace mat
