#include <fmt/core.h>

#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/dataset_change.h"
#include "cli/commands/dataset_check.h"
#include "cli/commands/dataset_view.h"
#include "cli/commands/views.h"
#include "cli/output/progress_bar.h"
#include "cli/output/terminal.h"
#include "cli/signals.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/catalog/datasets.h"

namespace mat {
namespace {

struct ExportFlags {
  std::string reference, target, format = "folder";
  bool usage_folders = false, link = false, mapped_sources = false, json = false;
};

int list(const Context& context, const ListFlags& flags) {
  const ListOptions options = flags.options();
  Registry registry = context.open_to_read();
  const auto listing = registry.list_datasets(options);
  if (flags.json) {
    Json rows = Json::array();
    for (const DatasetRecord& dataset : listing.rows) rows.push_back(dataset_json(dataset));
    print_json(list_document("datasets", rows, listing.total, listing.total_is_exact));
    return 0;
  }
  print_list(dataset_table(listing.rows), listing.total, "datasets",
             "mat dataset create NAME FOLDER", flags.filter);
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "datasets", flags.offset);
  return 0;
}

int show_dataset(Registry& registry, const std::string& name, bool json) {
  const DatasetRecord dataset = registry.dataset(name);
  const auto versions = registry.versions_of_dataset(name);
  const std::filesystem::path manifest = list_of_dataset(registry.home(), name);
  const PictureCounts counts = count_pictures(manifest);
  if (json) {
    Json document = dataset_json(dataset);
    document["pictures"] = to_json(counts);
    document["list"] = manifest.string();
    document["version_list"] = Json::array();
    for (const auto& v : versions) document["version_list"].push_back(dataset_version_json(v));
    print_json(document);
    return 0;
  }
  print_fields({{"dataset", dataset.name},
                {"description", dataset.description},
                {"created", local_text(dataset.created_ms)},
                {"pictures", counts_text(counts)},
                {"list", manifest.string()}});
  if (!counts.classes.empty()) print("\n" + class_table(counts).text());
  if (!versions.empty()) print("\n" + dataset_version_table(versions).text());
  if (versions.size() > 1) note("* is the current version: what the dataset's name alone means");
  return 0;
}

void print_left_out(const Json& counts, std::int64_t count) {
  const auto files = counts.find("left_out_files");
  if (files == counts.end() || !files->is_object()) return;
  Table table({{"LEFT OUT", Align::left, true}, {"WHY"}});
  for (const auto& [file, why] : files->items()) table.add({file, value_text(why)});
  print("\n" + table.text());
  const auto more = count - static_cast<std::int64_t>(files->size());
  if (more > 0) print(fmt::format("and {} more\n", more));
}

int show_version(Registry& registry, const std::string& reference, bool json) {
  const DatasetVersionRecord version = registry.dataset_version(reference);
  const std::int64_t trainings = registry.trainings_of_dataset(version.dataset, version.number);
  const std::filesystem::path manifest = manifest_of(registry.home(), version);
  if (json) {
    Json document = dataset_version_json(version);
    document["manifest"] = manifest.string();
    document["trainings"] = trainings;
    print_json(document);
    return 0;
  }
  const PictureCounts counts = picture_counts_from_json(version.counts);
  print_fields({{"version", version.reference()},
                {"name", version.name},
                {"description", version.description},
                {"created", local_text(version.created_ms)},
                {"current", version.is_current ? "yes" : "no"},
                {"pictures", counts_text(counts)},
                {"split", split_text(counts)},
                {"left out", counts.left_out == 0 ? "" : std::to_string(counts.left_out)},
                {"train ratio", format_number(version.train_ratio)},
                {"seed", std::to_string(version.seed)},
                {"fingerprint", version.fingerprint},
                {"trained with it", trainings == 0 ? "" : counted(trainings, "version")},
                {"manifest", manifest.string()}});
  if (!counts.classes.empty()) print("\n" + class_table(counts).text());
  print_left_out(version.counts, counts.left_out);
  return 0;
}

int show(const Context& context, const std::string& reference, bool json) {
  Registry registry = context.open_to_read();
  return reference.find('@') == std::string::npos ? show_dataset(registry, reference, json)
                                                  : show_version(registry, reference, json);
}

DatasetVersionRecord version_of(Registry& registry, const std::string& dataset,
                                const std::string& version) {
  const bool is_whole = version.find('@') != std::string::npos;
  return registry.dataset_version(is_whole ? version : dataset + "@" + version);
}

int diff(const Context& context, const std::string& dataset, const std::vector<std::string>& which,
         bool json) {
  Registry registry = context.open_to_read();
  const DatasetVersionRecord before = version_of(registry, dataset, which[0]);
  const DatasetVersionRecord after = version_of(registry, dataset, which[1]);
  const ManifestDiff diff =
      diff_manifests(manifest_of(registry.home(), before), manifest_of(registry.home(), after));
  if (json) {
    Json document = {{"before", before.reference()}, {"after", after.reference()}};
    document.update(diff_json(diff));
    print_json(document);
    return 0;
  }
  const Table table = diff_table(diff);
  print(
      fmt::format("{} → {}: {} added, {} removed, {} relabelled, {} with other content, {} "
                  "moved, {} with another usage, {} the same\n",
                  before.reference(), after.reference(), diff.added.size(), diff.removed.size(),
                  diff.relabelled.size(), diff.changed.size(), diff.moved.size(),
                  diff.other_usage.size(), diff.same));
  if (!table.empty()) print("\n" + table.text());
  return 0;
}

int set_current(const Context& context, const std::string& dataset, const std::string& which,
                bool json) {
  Registry registry = context.open_to_change();
  const DatasetVersionRecord version = version_of(registry, dataset, which);
  registry.set_current_dataset_version(version.id);
  if (json) {
    print_json(dataset_version_json(registry.dataset_version(version.reference())));
  } else {
    print(fmt::format("{} means {} now\n", version.dataset, version.reference()));
  }
  return 0;
}

ExportSummary export_watched(const std::filesystem::path& manifest, const ExportFlags& flags,
                             std::int64_t total) {
  const SignalsAsStop signals;
  ProgressBar bar("pictures");
  ExportOptions options;
  options.format = parse_export_format(flags.format);
  options.usage_folders = flags.usage_folders;
  options.link = flags.link;
  options.original_sources = !flags.mapped_sources;
  options.progress = [&bar, total](std::int64_t done) {
    bar.show("writing pictures", done, total);
    return SignalsAsStop::reason().empty();
  };
  try {
    ExportSummary summary = export_pictures(manifest, absolute_path(flags.target), options);
    bar.finish();
    return summary;
  } catch (...) {
    bar.finish();
    throw;
  }
}

int export_version(const Context& context, const ExportFlags& flags) {
  Registry registry = context.open_to_read();
  const DatasetVersionRecord version = registry.dataset_version(flags.reference);
  const ExportSummary summary = export_watched(manifest_of(registry.home(), version), flags,
                                               picture_counts_from_json(version.counts).pictures);
  for (const ImportProblem& problem : summary.problems) {
    note(fmt::format("left out: {}: {}", printable(problem.place), printable(problem.what)));
  }
  if (flags.json) {
    Json document = {{"version", version.reference()}, {"target", flags.target}};
    document.update(export_json(summary));
    print_json(document);
    return 0;
  }
  print(fmt::format("Wrote {} of {} to {}\n", counted(summary.pictures, "picture"),
                    version.reference(), printable(flags.target)));
  if (summary.several_labels > 0) {
    note(fmt::format("{} with several labels left out: a folder for each class cannot hold them",
                     counted(summary.several_labels, "picture")));
  }
  return 0;
}

std::string used_by(std::int64_t trainings) {
  return trainings == 0 ? std::string()
                        : fmt::format(" {} trained with it and {} own record of it.",
                                      counted(trainings, "version"),
                                      trainings == 1 ? "keeps its" : "keep their");
}

void confirm(const std::string& question, bool yes) {
  if (!confirmed(question, yes)) throw Error(ErrorKind::interrupted, "nothing was deleted");
}

int remove(const Context& context, const std::string& reference, bool yes, bool json) {
  Registry registry = context.open_to_change();
  CatalogHooks hooks;
  hooks.note = [](std::string_view line) { note(std::string(line)); };
  Deleted deleted;
  std::int64_t trainings = 0;
  bool has_copies = false;
  if (reference.find('@') == std::string::npos) {
    const DatasetRecord dataset = registry.dataset(reference);
    trainings = registry.trainings_of_dataset(reference);
    has_copies = has_fetched_pictures(registry.home(), reference);
    confirm(fmt::format("Delete the dataset {} and its {}?{} Pictures stay where they are{}.",
                        reference, counted(dataset.version_count, "version"), used_by(trainings),
                        has_copies ? ", but copies of those that were fetched go" : ""),
            yes);
    deleted = delete_dataset(registry, reference, hooks);
  } else {
    const DatasetVersionRecord version = registry.dataset_version(reference);
    trainings = registry.trainings_of_dataset(version.dataset, version.number);
    confirm(fmt::format("Delete {}?{} Pictures stay where they are.", version.reference(),
                        used_by(trainings)),
            yes);
    deleted = delete_dataset_version(registry, version, hooks);
  }
  if (json) {
    print_json({{"deleted", reference},
                {"versions", deleted.versions},
                {"bytes_freed", deleted.bytes},
                {"trainings_kept", trainings}});
  } else {
    print(fmt::format("Deleted {}: {}{}; no {}picture was touched\n", reference,
                      counted(deleted.versions, "version"),
                      has_copies ? " and the copies of fetched pictures" : "",
                      has_copies ? "other " : ""));
  }
  return 0;
}

}  // namespace

void add_dataset_commands(CLI::App& app, Context& context) {
  struct Flags {
    std::string name, version;
    std::vector<std::string> versions;
    bool yes = false, json = false;
    ListFlags list;
    ExportFlags exported;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "dataset", "Labelled pictures and their published versions");
  group->footer(
      "A version is named NAME@V002, NAME@2, NAME@latest or NAME@ and the name that it was given;\n"
      "NAME alone is its current version.");
  add_dataset_changes(group, context);
  add_dataset_check(group, context);

  CLI::App* command = group->add_subcommand("list", "List datasets");
  flags->list.add_to(command, "pictures > 1000");
  set_action(command, context, [&context, flags] { return list(context, flags->list); });

  command = group->add_subcommand("show", "Show a dataset and its versions, or a version");
  command->add_option("NAME", flags->name, "The dataset, or NAME@VERSION")->required();
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return show(context, flags->name, flags->json); });

  command = group->add_subcommand("diff", "What was added, removed or relabelled between versions");
  command->add_option("NAME", flags->name, "The dataset")->required();
  command->add_option("VERSION", flags->versions, "Two of its versions, the older one first")
      ->required()
      ->expected(2);
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return diff(context, flags->name, flags->versions, flags->json);
  });

  command = group->add_subcommand("set-current", "Choose the version that the name alone means");
  command->add_option("NAME", flags->name, "The dataset")->required();
  command->add_option("VERSION", flags->version, "One of its versions")->required();
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return set_current(context, flags->name, flags->version, flags->json);
  });

  command = group->add_subcommand("export", "Write a version as a folder, table or manifest");
  ExportFlags& exported = flags->exported;
  command->add_option("NAME", exported.reference, "The dataset, or NAME@VERSION")->required();
  command->add_option("TARGET", exported.target, "A folder or file that is not there yet")
      ->required();
  command
      ->add_option("--format", exported.format,
                   "folder (one for each class), text (x.txt beside x.jpg), csv or manifest")
      ->type_name("FORMAT")
      ->capture_default_str();
  command->add_flag("--usage-folders", exported.usage_folders, "train/, val/ and test/ first");
  command->add_flag("--link", exported.link, "Hard links instead of copies, where that can be");
  command->add_flag("--mapped-sources", exported.mapped_sources,
                    "manifest: where pictures are here, not the addresses that they came from");
  add_json_flag(command, exported.json);
  set_action(command, context,
             [&context, flags] { return export_version(context, flags->exported); });

  command = group->add_subcommand("delete", "Delete a dataset or one version; pictures stay");
  command->add_option("NAME", flags->name, "The dataset, or NAME@VERSION")->required();
  command->add_flag("-y,--yes", flags->yes, "Do not ask");
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return remove(context, flags->name, flags->yes, flags->json); });
}

}  // namespace mat
