#include "cli/commands/model_export.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/data_path.h"
#include "cli/commands/model_opening.h"
#include "cli/output/progress_bar.h"
#include "cli/output/terminal.h"
#include "cli/signals.h"
#include "core/base/address.h"
#include "core/base/cores.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/dataset/files_below.h"
#include "core/dataset/manifest.h"
#include "core/model/export_model.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

struct ExportFlags {
  std::string model, format, out, check_data;
  bool replace = false, json = false;
};

// Of a folder, a manifest or a dataset, with labels or without.
std::vector<fs::path> pictures_in(const Context& context, const std::string& data) {
  const fs::path path = data_path(context, data);
  std::vector<fs::path> files;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    std::vector<std::string> names = files_below(fs::canonical(path, error), "").pictures;
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) files.push_back(path / name);
  } else {
    ManifestReader reader(path);
    for (ManifestSample sample; reader.next(sample);) {
      if (!is_remote_address(sample.source)) files.emplace_back(sample.source);
    }
  }
  if (files.empty()) {
    throw Error(ErrorKind::usage, fmt::format("there is no picture in '{}'", path.string()));
  }
  return files;
}

ExportReport export_watched(const Home& home, const StoredModel& model, ModelExport wanted) {
  const SignalsAsStop signals;
  ProgressBar bar("pictures");
  wanted.progress = [&bar](std::int64_t done, std::int64_t total) {
    bar.show(done < total ? "reading pictures" : "comparing answers", done, total);
    return SignalsAsStop::reason().empty();
  };
  try {
    ExportReport report = export_model(home, model, wanted);
    bar.finish();
    return report;
  } catch (...) {
    bar.finish();
    throw;
  }
}

int export_version(const Context& context, const ExportFlags& flags) {
  StoredModel model;
  {
    Registry registry = context.open_to_read();
    model = stored_model(registry.home(), registry.model_version(flags.model));
  }
  ModelExport wanted;
  wanted.format = flags.format;
  wanted.out =
      absolute_path(flags.out.empty() ? export_file_name(model.version, flags.format) : flags.out);
  const fs::path out = wanted.out;
  wanted.replace = flags.replace;
  if (!flags.check_data.empty() && model.table) {
    wanted.check_rows = read_rows(flags.check_data, *model.table);
  } else if (!flags.check_data.empty()) {
    wanted.check_data = pictures_in(context, flags.check_data);
  }
  wanted.threads = usable_cores();
  const ExportReport report = export_watched(context.home(), model, std::move(wanted));
  if (flags.json) {
    print_json({{"reference", model.version.reference()},
                {"format", flags.format},
                {"file", out.string()},
                {"bytes", report.bytes},
                {"description", report.description.string()},
                {model.table ? "rows" : "pictures", report.compared},
                {"inputs", report.outcome.inputs},
                {"largest_difference", report.outcome.largest_difference}});
    return 0;
  }
  const bool is_regression = model.table && model.table->is_regression();
  print(fmt::format(
      "Wrote {} ({}); compared on {}: {}largest difference {:.1g}{}\n",
      printable(flags.out.empty() ? out.filename().string() : flags.out),
      format_bytes(report.bytes), counted(report.compared, model.table ? "row" : "picture"),
      is_regression ? "" : "the same class wins for each, ", report.outcome.largest_difference,
      is_regression ? " deviations of the target" : ""));
  if (!model.table && model.description.network == kTorchScript) {
    note(fmt::format("it is the program as it was imported; '{}' has its classes and preprocessing",
                     printable(report.description.string())));
  }
  return 0;
}

}  // namespace

void add_model_export(CLI::App* group, Context& context) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command =
      group->add_subcommand("export", "Write a version in a format that other programs read");
  command->add_option("MODEL", flags->model, "The model: N, N@1.0.0 or N@ALIAS")->required();
  command->add_option("--format", flags->format, "torchscript, onnx or safetensors (timm's keys)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"torchscript", "onnx", "safetensors"}))
      ->required();
  command->add_option("-o,--output", flags->out, "By default N-1.0.0.pt, .onnx or .safetensors")
      ->type_name("FILE");
  command
      ->add_option(
          "--check-data", flags->check_data,
          "Compare on these pictures too, or where those that it was validated on are gone: "
          "a folder, manifest or dataset, labelled or not; rows in a CSV file for a model for "
          "tables")
      ->type_name("DATA");
  command->add_flag("--replace", flags->replace, "Overwrite the file");
  add_json_flag(command, flags->json);
  command->footer(
      "The file is read back and asked about pictures or rows: unless it answers as the model "
      "does, within "
      "1e-4\nand with the same class first for each, there is no file. FILE.json beside it says "
      "what it is.");
  set_action(command, context, [&context, flags] { return export_version(context, *flags); });
}

}  // namespace mat
