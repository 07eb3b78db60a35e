#include "cli/commands/model_opening.h"

#include "cli/output/terminal.h"
#include "core/run/provenance.h"

namespace mat {

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

}  // namespace mat
