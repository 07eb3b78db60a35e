#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/model/models.h"
#include "core/table/csv_table.h"
#include "core/training/trainer.h"

namespace mat {

struct ModelExport {
  std::string format;         // "torchscript", "onnx" or "safetensors"
  std::filesystem::path out;  // absolute
  bool replace = false;       // a file that is there
  // Pictures that it must answer for as the model does besides the model's own validation pictures;
  // needed where those are not known or some cannot be read.
  std::vector<std::filesystem::path> check_data;
  std::optional<CsvTable> check_rows;  // the same for a model for tables
  int threads = 1;
  std::function<bool(std::int64_t, std::int64_t)> progress;  // see PixelCache::load(); may be empty
};

struct ExportReport {
  std::int64_t compared = 0;  // pictures, or rows
  ExportOutcome outcome;
  std::uint64_t bytes = 0;
  std::filesystem::path description;  // what describe_import() reads, beside the file
};

// Writes a model in a format of others, after it was read back and gave the same answers. Throws a
// conflict when the file is there; not_found when pictures are gone or cannot be read, which says
// how many, or when the rows are not known or have changed; errors of Trainer::export_model(). Then
// nothing is left, and what was there before stays.
ExportReport export_model(const Home& home, const StoredModel& model, const ModelExport& wanted);

// What stands beside a file of `format`: its description, metrics and origin.
Json export_description(const StoredModel& model, const std::string& format);

// "flowers-1.0.0.onnx"
std::string export_file_name(const ModelVersionRecord& version, const std::string& format);

}  // namespace mat
