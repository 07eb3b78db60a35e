#include <fmt/core.h>

#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/spec_lookup.h"
#include "cli/commands/views.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/spec/job_spec.h"

namespace mat {
namespace {

Json params_json(const ParamsRecord& p) {
  return {{"name", p.name},
          {"description", p.description},
          {"origin", p.origin.empty() ? Json(nullptr) : Json(p.origin)},
          {"created", utc_text(p.created_ms)},
          {"updated", utc_text(p.updated_ms)},
          {"settings", p.settings}};
}

std::string setting_text(const Json& settings, const char* key) {
  const auto found = settings.find(key);
  return found == settings.end() ? "-" : value_text(found->value("value", Json()));
}

void print_params(const ParamsRecord& p) {
  print_fields({{"configuration", p.name},
                {"description", p.description},
                {"saved from", p.origin},
                {"created", local_text(p.created_ms)},
                {"updated", local_text(p.updated_ms)}});
  Table table({{"SETTING"}, {"VALUE", Align::left, true}});
  for (const auto& [key, setting] : p.settings.items()) {
    table.add({key, value_text(setting.value("value", Json()))});
  }
  print("\n" + table.text());
}

int save(const Context& context, const std::string& reference, const std::string& name,
         const std::string& description, bool json) {
  Registry registry = context.open_to_change();
  const VersionRecord version = registry.version(reference);
  ParamsRecord params;
  params.name = name;
  params.description = description;
  params.origin = version.reference();
  params.settings = to_json(hide_secrets(reusable_settings(settings_from_json(version.settings))));
  const ParamsRecord saved = registry.create_params(params);
  if (json) {
    print_json(params_json(saved));
  } else {
    print(
        fmt::format("Saved the settings of {} as {}; train from it with\n"
                    "  mat job create --params {} --name JOB\n",
                    version.reference(), name, name));
  }
  return 0;
}

int list(const Context& context, const ListFlags& flags) {
  const ListOptions options = flags.options();
  Registry registry = context.open_to_read();
  const auto listing = registry.list_params(options);
  if (flags.json) {
    Json rows = Json::array();
    for (const auto& p : listing.rows) rows.push_back(params_json(p));
    print_json(list_document("params", rows, listing.total, listing.total_is_exact));
    return 0;
  }
  Table table(
      {{"NAME"}, {"ALGORITHM"}, {"SAVED FROM"}, {"UPDATED"}, {"DESCRIPTION", Align::left, true}});
  for (const auto& p : listing.rows) {
    table.add({p.name, setting_text(p.settings, "algorithm"), p.origin,
               short_local_text(p.updated_ms), p.description});
  }
  print_list(table, listing.total, "parameter configurations", "mat params save REF NAME",
             flags.filter);
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "configurations",
             flags.offset);
  return 0;
}

int show(const Context& context, const std::string& name, bool json) {
  const ParamsRecord params = context.open_to_read().params(name);
  if (json) {
    print_json(params_json(params));
  } else {
    print_params(params);
  }
  return 0;
}

struct EditFlags {
  std::string name, new_name;
  std::vector<std::string> assignments, unset;
  std::optional<std::string> description;
  bool json = false;
};

// Only what `params save` keeps may be in a configuration.
void refuse_other_settings(const Settings& changes) {
  const Settings kept = reusable_settings(changes);
  for (const auto& [key, setting] : changes) {
    if (kept.count(key) > 0) continue;
    if (key == "name") {
      throw Error(ErrorKind::usage, "the name of a configuration cannot be changed",
                  "save another one from the version: mat params save REF NAME");
    }
    throw Error(ErrorKind::usage, fmt::format("'{}' is not kept in a configuration", key),
                "it keeps data, algorithm, hyperparameters, environment and resources");
  }
}

int edit(const Context& context, const EditFlags& flags) {
  if (!flags.new_name.empty()) {
    throw Error(ErrorKind::usage, "the name of a configuration cannot be changed",
                "save another one from the version: mat params save REF NAME");
  }
  const Settings changes = parse_assignments(flags.assignments, working_folder());
  refuse_other_settings(changes);
  if (changes.empty() && flags.unset.empty() && !flags.description) {
    throw Error(ErrorKind::usage, "nothing to change",
                "use --set KEY=VALUE, --unset KEY or --description TEXT");
  }
  Registry registry = context.open_to_change();
  ParamsRecord params = registry.params(flags.name);
  Settings settings = settings_from_json(params.settings);
  for (const std::string& key : flags.unset) {
    const bool is_hyperparameter = settings.count(key) == 0;
    if (settings.erase(is_hyperparameter ? "hyperparameters." + key : key) == 0) {
      throw Error(ErrorKind::not_found, fmt::format("{} has no setting '{}'", flags.name, key));
    }
  }
  settings = hide_secrets(merge(settings, changes));
  Settings complete = settings;
  complete["name"].value = "job";
  SpecLookup lookup = spec_lookup(context);
  lookup.find_secret = [](const std::string&) { return std::optional<std::string>(""); };
  resolve(complete, lookup);  // throws when the configuration would no longer be usable
  params.settings = to_json(settings);
  if (flags.description) params.description = *flags.description;
  const ParamsRecord updated = registry.update_params(params);
  if (flags.json) {
    print_json(params_json(updated));
  } else {
    print_params(updated);
  }
  return 0;
}

int remove(const Context& context, const std::string& name, bool yes, bool json) {
  Registry registry = context.open_to_change();
  registry.params(name);
  note(fmt::format("a deleted configuration cannot be recovered: {}", name));
  if (!confirmed(fmt::format("Delete the configuration {}?", name), yes)) {
    throw Error(ErrorKind::interrupted, "nothing was deleted");
  }
  registry.delete_params(name);
  if (json) {
    print_json({{"deleted", name}});
  } else {
    print(fmt::format("Deleted the configuration {}\n", name));
  }
  return 0;
}

struct Flags {
  std::string reference, name, description;
  ListFlags list;
  EditFlags edit;
  bool yes = false, json = false;
};

void add_edit_command(CLI::App* group, Context& context, const std::shared_ptr<Flags>& flags) {
  CLI::App* command = group->add_subcommand("edit", "Change a configuration; not its name");
  command->add_option("NAME", flags->edit.name, "The configuration")->required();
  command->add_option("--set", flags->edit.assignments, "A setting, as lr=0.1; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command->add_option("--unset", flags->edit.unset, "A setting to take out; may be repeated")
      ->type_name("KEY")
      ->expected(1)
      ->take_all();
  command->add_option("--description", flags->edit.description, "Replaces the description")
      ->type_name("TEXT");
  // Refused by edit() with a reason; hidden, since it is no option.
  command->add_option("--name", flags->edit.new_name)->group("");
  add_json_flag(command, flags->edit.json);
  set_action(command, context, [&context, flags] { return edit(context, flags->edit); });
}

}  // namespace

void add_params_commands(CLI::App& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "params", "Saved parameter configurations to train from");

  CLI::App* command = group->add_subcommand("save", "Save a version's settings under a name");
  command->add_option("REF", flags->reference, "JOB@V0003, JOB@best, JOB")->required();
  command->add_option("NAME", flags->name, "The configuration's name")->required();
  command->add_option("--description", flags->description, "What it is for")->type_name("TEXT");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return save(context, flags->reference, flags->name, flags->description, flags->json);
  });

  command = group->add_subcommand("list", "List configurations");
  flags->list.add_to(command, "algorithm = resnet18");
  set_action(command, context, [&context, flags] { return list(context, flags->list); });

  command = group->add_subcommand("show", "Show a configuration");
  command->add_option("NAME", flags->name, "The configuration")->required();
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return show(context, flags->name, flags->json); });

  add_edit_command(group, context, flags);

  command = group->add_subcommand("delete", "Delete a configuration; it cannot be recovered");
  command->add_option("NAME", flags->name, "The configuration")->required();
  command->add_flag("-y,--yes", flags->yes, "Do not ask");
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return remove(context, flags->name, flags->yes, flags->json); });
}

}  // namespace mat
