#include "cli/commands/dataset_change.h"

#include <fmt/core.h>

#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/dataset_view.h"
#include "cli/commands/format_flags.h"
#include "cli/commands/views.h"
#include "cli/commands/watched.h"
#include "cli/output/terminal.h"
#include "core/base/cores.h"
#include "core/base/error.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/run/run_environment.h"

namespace mat {
namespace {

struct ImportFlags {
  std::string name, source, description;
  FormatFlags format;
  bool replace = false, json = false;

  ImportRequest request() const;
};

struct LabelFlags {
  std::string name, picture;
  std::vector<std::string> labels;
  bool remove = false, json = false;
};

struct PublishFlags {
  std::string dataset;
  PublishRequest request;
  bool json = false;
};

ImportRequest ImportFlags::request() const {
  ImportRequest request;
  request.source = source;
  request.replace = replace;
  request.environment = environment_with({});
  request.options = format.options();
  return request;
}

void print_import(const DatasetImport& done, const std::string& what, bool json) {
  note_import(done.report);
  if (json) {
    Json document = dataset_json(done.dataset);
    document["import"] = import_json(done.report);
    print_json(document);
    return;
  }
  print(what);
  note(fmt::format("a version to train with: mat dataset publish {}", done.dataset.name));
}

DatasetImport create_watched(Registry& registry, const ImportFlags& flags) {
  const Watched watched;
  return create_dataset(registry, flags.name, flags.description, flags.request(), watched.hooks());
}

int create(const Context& context, const ImportFlags& flags) {
  check_name("dataset", flags.name);
  flags.request();
  Registry registry = context.open_to_write();
  const DatasetImport done = create_watched(registry, flags);
  print_import(done,
               fmt::format("Created the dataset {}: {}\n", flags.name,
                           counts_text(picture_counts_from_json(done.dataset.pictures))),
               flags.json);
  return 0;
}

DatasetImport import_watched(Registry& registry, const ImportFlags& flags) {
  const Watched watched;
  return import_into_dataset(registry, flags.name, flags.request(), watched.hooks());
}

int add_pictures(const Context& context, const ImportFlags& flags) {
  Registry registry = context.open_to_change();
  registry.dataset(flags.name);
  const DatasetImport done = import_watched(registry, flags);
  const ImportReport& report = done.report;
  print_import(done,
               fmt::format("{} added to {}, {} changed, {} there already: {}\n",
                           counted(report.added, "picture"), flags.name, report.changed,
                           report.already_there,
                           counts_text(picture_counts_from_json(done.dataset.pictures))),
               flags.json);
  return 0;
}

std::string labels_text(const std::vector<std::string>& labels) {
  return labels.empty() ? "no label" : join(labels, ", ");
}

LabelChange label_watched(Registry& registry, const LabelFlags& flags) {
  const Watched watched;
  return label_picture(registry, flags.name, flags.picture, flags.labels, flags.remove,
                       watched.hooks());
}

int label(const Context& context, const LabelFlags& flags) {
  if (flags.labels.empty() && !flags.remove) {
    throw Error(ErrorKind::usage, "no label is given",
                "give one, or take those that it has away with --remove");
  }
  Registry registry = context.open_to_change();
  registry.dataset(flags.name);
  const LabelChange change = label_watched(registry, flags);
  if (flags.json) {
    print_json({{"dataset", flags.name},
                {"source", change.source},
                {"before", change.before},
                {"after", change.after}});
    return 0;
  }
  const std::string before = labels_text(change.before), after = labels_text(change.after);
  print(change.before == change.after
            ? fmt::format("{}: {} already\n", printable(change.source), after)
            : fmt::format("{}: {} → {}\n", printable(change.source), before, after));
  return 0;
}

PublishReport publish_watched(Registry& registry, const PublishFlags& flags) {
  const Watched watched;
  PublishRequest request = flags.request;
  request.threads = usable_cores();
  return publish_dataset(registry, flags.dataset, request, watched.hooks());
}

int publish(const Context& context, const PublishFlags& flags) {
  Registry registry = context.open_to_change();
  registry.dataset(flags.dataset);
  const PublishReport report = publish_watched(registry, flags);
  note_publish(report);
  if (flags.json) {
    print_json(publish_json(report));
    return 0;
  }
  const PictureCounts counts = picture_counts_from_json(report.version.counts);
  const std::string reference = report.version.reference();
  print(fmt::format("{}: {}; {}\n", reference, counts_text(counts), split_text(counts)));
  if (counts.classes.empty()) {
    note(
        fmt::format("no picture has one label, which a training needs: mat dataset label {0} "
                    "PICTURE LABEL; or give pictures in a folder for each class: mat dataset "
                    "import {0} PATH",
                    flags.dataset));
  } else {
    note(fmt::format("train on it with 'inputs: {{data_url: {{dataset: {}}}}}'", reference));
  }
  return 0;
}

}  // namespace

void add_dataset_changes(CLI::App* group, Context& context) {
  struct Flags {
    ImportFlags create, import;
    LabelFlags label;
    PublishFlags publish;
  };
  auto flags = std::make_shared<Flags>();

  CLI::App* command = group->add_subcommand("create", "Make a dataset of labelled pictures");
  command->add_option("NAME", flags->create.name, "Its name")->required();
  command
      ->add_option("PATH", flags->create.source,
                   "A folder, CSV table or manifest, or s3://… or obs://…, which is fetched")
      ->required();
  command->add_option("--description", flags->create.description, "What it is")->type_name("TEXT");
  flags->create.format.add_to(command);
  add_json_flag(command, flags->create.json);
  set_action(command, context, [&context, flags] { return create(context, flags->create); });

  command = group->add_subcommand("import", "Add pictures to a dataset");
  command->add_option("NAME", flags->import.name, "The dataset")->required();
  command->add_option("PATH", flags->import.source, "As for 'dataset create'")->required();
  command->add_flag("--replace", flags->import.replace,
                    "Take the new labels of pictures that it has already");
  flags->import.format.add_to(command);
  add_json_flag(command, flags->import.json);
  set_action(command, context, [&context, flags] { return add_pictures(context, flags->import); });

  command = group->add_subcommand("label", "Set or remove the labels of a picture");
  command->add_option("NAME", flags->label.name, "The dataset")->required();
  command
      ->add_option("PICTURE", flags->label.picture,
                   "Its path, or the last parts of it, as rose/7.jpg")
      ->required();
  command->add_option("LABEL", flags->label.labels, "Its labels from now on");
  command->add_flag("--remove", flags->label.remove, "Take these labels away; all without LABEL");
  add_json_flag(command, flags->label.json);
  set_action(command, context, [&context, flags] { return label(context, flags->label); });

  command = group->add_subcommand("publish", "Make a version that never changes, to train with");
  command->add_option("NAME", flags->publish.dataset, "The dataset")->required();
  command
      ->add_option("--train-ratio", flags->publish.request.train_ratio,
                   "The part for training of pictures whose usage is not decided")
      ->type_name("R")
      ->capture_default_str();
  command
      ->add_option("--seed", flags->publish.request.seed, "Another seed gives another random split")
      ->type_name("N")
      ->check(whole_number_from(0))
      ->capture_default_str();
  command->add_option("--name", flags->publish.request.name, "A name beside its number")
      ->type_name("VERSION");
  command->add_option("--description", flags->publish.request.description, "What is new in it")
      ->type_name("TEXT");
  add_json_flag(command, flags->publish.json);
  set_action(command, context, [&context, flags] { return publish(context, flags->publish); });
}

}  // namespace mat
