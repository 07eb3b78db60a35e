#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "cli/context.h"
#include "core/model/model_source.h"
#include "core/training/trainer.h"

namespace mat {

// What a model computes with: options of all commands that open one.
struct ComputeFlags {
  std::string device = "auto", precision = "fp32";
  std::int64_t batch_size = 64;

  void add_to(CLI::App* command);
};

// Options of commands that ask a model, and the model that they ask.
struct ModelFlags {
  std::string reference;
  ComputeFlags compute;

  void add_to(CLI::App* command);
};

// Where its weights are and how it is to be opened. Loads nothing. A conflict for one of tables.
struct ModelToOpen {
  ModelSource source;
  ModelRequest request;
};
ModelToOpen model_to_open(const Context& context, const ModelFlags& flags);

// The same of what was trained on a table; nothing for what answers for pictures.
struct TableToOpen {
  ModelSource source;
  const TableDescription& description() const { return *source.table; }
  TableRequest request;
};
std::optional<TableToOpen> table_to_open(const Context& context, const ModelFlags& flags);

// What a person should know of the choice of what answers, if anything. Throws what
// find_model_source() does.
void note_choice(Registry& registry, const std::string& reference);

// The rows that it is asked about: a CSV file, or "-" for one on stdin. See parse_rows(). Throws
// usage errors with FILE:LINE.
CsvTable read_rows(const std::string& file, const TableDescription& description);

}  // namespace mat
