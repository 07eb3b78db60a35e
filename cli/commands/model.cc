#include <fmt/core.h>

#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/model_add.h"
#include "cli/commands/model_export.h"
#include "cli/commands/model_view.h"
#include "cli/commands/views.h"
#include "cli/output/terminal.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"

namespace mat {
namespace {

int list(const Context& context, const ListFlags& flags) {
  const ListOptions options = flags.options();
  Registry registry = context.open_to_read();
  const auto listing = registry.list_models(options);
  if (flags.json) {
    Json rows = Json::array();
    for (const ModelRecord& model : listing.rows) rows.push_back(model_json(model));
    print_json(list_document("models", rows, listing.total, listing.total_is_exact));
    return 0;
  }
  print_list(model_table(listing.rows), listing.total, "models",
             "mat model create JOB@V0001 --name N", flags.filter);
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "models", flags.offset);
  return 0;
}

// A model alone is its latest version, with a list of all.
int show(const Context& context, const std::string& reference, bool json) {
  Registry registry = context.open_to_read();
  const bool is_alone = reference.find('@') == std::string::npos;
  std::vector<ModelVersionRecord> versions;
  if (is_alone) versions = registry.versions_of_model(reference);
  const StoredModel model = stored_model(registry.home(), registry.model_version(reference));
  if (json) {
    Json document = stored_model_json(registry, model);
    if (is_alone) {
      document["version_list"] = Json::array();
      for (const auto& v : versions) document["version_list"].push_back(model_version_json(v));
    }
    print_json(document);
    return 0;
  }
  print_stored_model(registry, model);
  if (versions.size() > 1) print("\n" + model_version_table(versions).text());
  return 0;
}

void confirm(const std::string& question, bool yes) {
  if (!confirmed(question, yes)) throw Error(ErrorKind::interrupted, "nothing was deleted");
}

int remove(const Context& context, const std::string& reference, bool yes, bool json) {
  Registry registry = context.open_to_change();
  Deleted deleted;
  std::string what = reference;
  if (reference.find('@') == std::string::npos) {
    const ModelRecord model = registry.model(reference);
    confirm(fmt::format("Delete the model {} and its {}?", reference,
                        counted(model.version_count, "version")),
            yes);
    deleted = registry.delete_model(reference);
  } else {
    const ModelVersionRecord version = registry.model_version(reference);
    what = version.reference();
    const std::string aliases = join(version.aliases, ", ");
    confirm(aliases.empty() ? fmt::format("Delete {}?", what)
                            : fmt::format("Delete {}, which is called {}?", what, aliases),
            yes);
    deleted = registry.delete_model_version(version.id);
    if (!aliases.empty()) {
      note(fmt::format("{} is the alias of nothing now: mat model alias {}@NUMBER {}", aliases,
                       version.model, version.aliases.front()));
    }
  }
  if (json) {
    Json kept = Json::array();
    for (const auto& path : deleted.kept) kept.push_back(path.string());
    print_json({{"deleted", what},
                {"versions", deleted.versions},
                {"bytes_freed", deleted.bytes},
                {"kept", kept}});
    return 0;
  }
  print(fmt::format("Deleted {}: {}, {} freed\n", what, counted(deleted.versions, "version"),
                    format_bytes(deleted.bytes)));
  for (const auto& path : deleted.kept) {
    note(fmt::format("kept '{}', which is of no version", printable(path.string())));
  }
  return 0;
}

int set_alias(const Context& context, const std::string& reference, const std::string& alias,
              bool json) {
  Registry registry = context.open_to_change();
  const ModelVersionRecord version = registry.model_version(reference);
  const auto before = registry.set_model_alias(version.id, alias);
  const std::string name = version.model + "@" + alias;
  if (json) {
    print_json({{"alias", name},
                {"reference", version.reference()},
                {"before", before ? Json(*before) : Json(nullptr)}});
    return 0;
  }
  const bool has_moved = before && *before != version.reference();
  print(fmt::format("{} means {} now{}\n", name, version.reference(),
                    has_moved ? fmt::format(", and no longer {}", *before) : ""));
  return 0;
}

int remove_alias(const Context& context, const std::string& model, const std::string& alias,
                 bool json) {
  if (const auto at = model.find('@'); at != std::string::npos) {
    throw Error(ErrorKind::usage, "an alias is taken away from a model, not from a version of it",
                fmt::format("mat model alias {} {} --remove", model.substr(0, at), alias));
  }
  Registry registry = context.open_to_change();
  const std::string before = registry.remove_model_alias(model, alias);
  const std::string name = model + "@" + alias;
  if (json) {
    print_json({{"alias", name}, {"reference", nullptr}, {"before", before}});
  } else {
    print(fmt::format("{} is gone; it meant {}\n", name, before));
  }
  return 0;
}

void add_alias(CLI::App* group, Context& context) {
  struct Flags {
    std::string model, alias;
    bool remove = false, json = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      group->add_subcommand("alias", "Give a version a name that can move on to another");
  command->add_option("MODEL", flags->model, "N@1.0.1; with --remove the model alone")->required();
  command->add_option("ALIAS", flags->alias, "The name, as champion")->required();
  command->add_flag("--remove", flags->remove, "Take the alias away");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return flags->remove ? remove_alias(context, flags->model, flags->alias, flags->json)
                         : set_alias(context, flags->model, flags->alias, flags->json);
  });
}

}  // namespace

void add_model_commands(CLI::App& app, Context& context) {
  struct Flags {
    std::string reference;
    bool yes = false, json = false;
    ListFlags list;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "model", "Models with names, numbers and aliases");
  group->footer("A version is named N@1.0.0, N@latest or N@ALIAS; N alone is the highest.");
  add_model_additions(group, context);

  CLI::App* command = group->add_subcommand("list", "List models");
  flags->list.add_to(command, "accuracy > 0.9");
  set_action(command, context, [&context, flags] { return list(context, flags->list); });

  command = group->add_subcommand("show", "Show a version: where it is from, what it takes");
  command->add_option("MODEL", flags->reference, "The model: N, N@1.0.0 or N@ALIAS")->required();
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return show(context, flags->reference, flags->json); });

  add_alias(group, context);
  add_model_export(group, context);

  command = group->add_subcommand("delete", "Delete a model or one version");
  command->add_option("MODEL", flags->reference, "The model, or N@1.0.0")->required();
  command->add_flag("-y,--yes", flags->yes, "Do not ask");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return remove(context, flags->reference, flags->yes, flags->json);
  });
}

}  // namespace mat
