#include "cli/commands/model_opening.h"

#include <unistd.h>

#include "cli/output/terminal.h"
#include "core/base/cores.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/model/answer_rows.h"

namespace mat {
namespace {

std::string whole_stdin() {
  constexpr std::size_t kPiece = 1 << 20;
  std::string bytes;
  for (;;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kPiece);
    const std::size_t got = read_some(STDIN_FILENO, bytes.data() + before, kPiece, "stdin");
    bytes.resize(before + got);
    if (got == 0) return bytes;
    if (bytes.size() > CsvOptions().max_bytes) {
      throw Error(ErrorKind::usage, "there is too much on stdin",
                  "ask about the rows part by part");
    }
  }
}

}  // namespace

void ComputeFlags::add_to(CLI::App* command) {
  command->add_option("--device", device, "cpu, gpu or auto")
      ->check(CLI::IsMember({"auto", "cpu", "gpu"}))
      ->capture_default_str();
  command
      ->add_option("--precision", precision,
                   "fp32, bf16 or auto, the fastest: answers differ in the third digit")
      ->check(CLI::IsMember({"auto", "fp32", "bf16"}))
      ->capture_default_str();
  command->add_option("--batch-size", batch_size, "Pictures that are looked at together at most")
      ->type_name("N")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
}

void ModelFlags::add_to(CLI::App* command) {
  command
      ->add_option("MODEL", reference,
                   "A version of a job or of a model: JOB, JOB@3, JOB@best, MODEL@1.0.0")
      ->required();
  compute.add_to(command);
}

ModelToOpen model_to_open(const Context& context, const ModelFlags& flags) {
  ModelToOpen model;
  Registry registry = context.open_to_read();
  model.source = find_model_source(registry, flags.reference);
  if (model.source.table) {
    throw Error(ErrorKind::conflict,
                model.source.reference + " answers for rows of tables, not for pictures");
  }
  if (!model.source.note.empty()) note(model.source.note);
  ModelRequest& request = model.request;
  request.cache_folder = registry.home().cache();
  request.file = model.source.file;
  request.description = model.source.description;
  request.threads = usable_cores();
  request.device = flags.compute.device;
  request.precision = flags.compute.precision;
  // A trial takes longer than most questions.
  request.layout = "channels_last";
  request.batch_size = static_cast<int>(flags.compute.batch_size);
  return model;
}

std::optional<TableToOpen> table_to_open(const Context& context, const ModelFlags& flags) {
  Registry registry = context.open_to_read();
  ModelSource source = find_model_source(registry, flags.reference);
  if (!source.table) return std::nullopt;
  if (!source.note.empty()) note(source.note);
  if (flags.compute.precision == "bf16") {
    throw Error(ErrorKind::usage, "rows of tables are computed in fp32 only");
  }
  TableToOpen table;
  table.request.file = source.file;
  table.request.description = *source.table;
  table.request.threads = usable_cores();
  table.request.device = flags.compute.device;
  table.source = std::move(source);
  return table;
}

void note_choice(Registry& registry, const std::string& reference) {
  const ModelSource source = find_model_source(registry, reference);
  if (!source.note.empty()) note(source.note);
}

CsvTable read_rows(const std::string& file, const TableDescription& description) {
  std::string bytes = file == "-" ? whole_stdin() : read_file(file, CsvOptions().max_bytes);
  return parse_rows(std::move(bytes), file == "-" ? "stdin" : file, description);
}

}  // namespace mat
