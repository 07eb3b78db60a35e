#include "cli/commands/model_add.h"

#include <fmt/core.h>

#include <cmath>
#include <memory>
#include <string_view>

#include "cli/commands/commands.h"
#include "cli/commands/model_view.h"
#include "cli/output/terminal.h"
#include "cli/signals.h"
#include "core/base/cores.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/model/import_model.h"
#include "core/registry/reference.h"

namespace mat {
namespace {

constexpr std::uint64_t kMostBytesOfClasses = 64 << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

struct NameFlags {
  std::string name, number, description;
  bool json = false;

  void add_to(CLI::App* command);
  NewModel model() const;
};

struct ImportFlags {
  NameFlags name;
  std::string file, classes, network, mean, deviation;
  int image_size = 0;

  ImportDescription given() const;
};

void NameFlags::add_to(CLI::App* command) {
  command->add_option("--name", name, "The model; made when absent")->type_name("N")->required();
  command
      ->add_option("--model-version", number,
                   "Its number, as 1.0.0; by default the one after the highest")
      ->type_name("VERSION");
  command->add_option("--description", description, "What it is, or what is new in it")
      ->type_name("TEXT");
  add_json_flag(command, json);
}

NewModel NameFlags::model() const {
  check_name("model", name);
  NewModel model{name, parse_model_number(number), description};
  if (number.empty() || model.number) return model;
  throw Error(ErrorKind::usage, fmt::format("'{}' is no number of a model's version", number),
              "write three numbers, as 1.0.0");
}

std::vector<std::string> classes_of(const std::string& text) {
  const bool is_file = text.starts_with('@');
  std::string names = is_file ? read_file(text.substr(1), kMostBytesOfClasses) : text;
  if (names.starts_with(kByteOrderMark)) names.erase(0, kByteOrderMark.size());
  if (names.empty()) return {};
  std::vector<std::string> classes = split(names, is_file ? '\n' : ',');
  for (std::string& name : classes) name = std::string(trim(name));
  while (is_file && !classes.empty() && classes.back().empty()) classes.pop_back();
  return classes;
}

// Of red, green and blue.
std::vector<double> colour_of(const char* option, const std::string& text, bool is_divisor) {
  if (text.empty()) return {};
  std::vector<double> values;
  for (const std::string& part : split(text, ',')) {
    const auto value = parse_number(trim(part));
    if (value && std::isfinite(*value) && (!is_divisor || *value > 0)) values.push_back(*value);
  }
  if (values.size() == 3 && split(text, ',').size() == 3) return values;
  throw Error(
      ErrorKind::usage,
      fmt::format("{} '{}' is not three numbers{}", option, text, is_divisor ? " above 0" : ""),
      fmt::format("for red, green and blue, 0 to 1: {} {}", option,
                  is_divisor ? "0.229,0.224,0.225" : "0.485,0.456,0.406"));
}

ImportDescription ImportFlags::given() const {
  ImportDescription given;
  given.classes = classes_of(classes);
  given.network = network;
  if (image_size > 0) given.image_size = image_size;
  given.mean = colour_of("--mean", mean, false);
  given.deviation = colour_of("--std", deviation, true);
  return given;
}

int add(Registry& registry, const NameFlags& flags, const NewModel& model,
        const ModelContent& content) {
  ModelVersionRecord version;
  {
    const SignalsAsStop signals;
    LockHooks hooks;
    hooks.waiting = [&] {
      note(fmt::format("waiting for another process that adds to the model {}", model.name));
    };
    hooks.stop_requested = [] { return !SignalsAsStop::reason().empty(); };
    version = add_model_version(registry, model, content, hooks);
  }
  const StoredModel stored = stored_model(registry.home(), version);
  if (flags.json) {
    print_json(stored_model_json(registry, stored));
  } else {
    print(model_line(stored));
  }
  return 0;
}

int create(const Context& context, const std::string& reference, const NameFlags& flags) {
  const NewModel model = flags.model();
  Registry registry = context.open_to_change();
  const ModelContent content = content_of_version(registry.home(), registry.version(reference));
  return add(registry, flags, model, content);
}

Json describe_file(const std::filesystem::path& file) { return load_trainer().describe_file(file); }

int import(const Context& context, const ImportFlags& flags) {
  const NewModel model = flags.name.model();
  const ModelContent content = describe_import(flags.file, flags.given(), describe_file);
  require_working(content, context.home().cache(), usable_cores());
  Registry registry = context.open_to_write();
  return add(registry, flags.name, model, content);
}

void add_import(CLI::App* group, Context& context) {
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* command =
      group->add_subcommand("import", "Make a version of a model from a file of others");
  command
      ->add_option("FILE", flags->file,
                   "TorchScript or safetensors, the latter with keys of timm or torchvision")
      ->required();
  flags->name.add_to(command);
  command
      ->add_option("--classes", flags->classes,
                   "What the outputs mean, in their order: a,b,c or @FILE with one in each line")
      ->type_name("NAMES");
  command
      ->add_option("--network", flags->network,
                   fmt::format("Of safetensors: {}", join(known_networks(), ", ")))
      ->type_name("NAME");
  command
      ->add_option("--image-size", flags->image_size,
                   "Pixels of a side that the network takes; 224 where the file does not say")
      ->type_name("N")
      ->check(CLI::Range(1, 4096));
  command
      ->add_option("--mean", flags->mean,
                   "Red, green and blue, 0 to 1; those of ImageNet where the file does not say")
      ->type_name("R,G,B");
  command->add_option("--std", flags->deviation, "By what colours are divided; the same")
      ->type_name("R,G,B");
  command->footer(
      "What 'mat model export' and trainings have written needs none of the options that describe "
      "it.\nOne that contradicts the file is refused. The file is opened and asked about a picture "
      "before it is taken.");
  set_action(command, context, [&context, flags] { return import(context, *flags); });
}

}  // namespace

void add_model_additions(CLI::App* group, Context& context) {
  struct Flags {
    std::string reference;
    NameFlags name;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      group->add_subcommand("create", "Make a version of a model from a completed training");
  command->add_option("REF", flags->reference, "The version: JOB, JOB@V0003, JOB@best")->required();
  flags->name.add_to(command);
  set_action(command, context,
             [&context, flags] { return create(context, flags->reference, flags->name); });
  add_import(group, context);
}

}  // namespace mat
