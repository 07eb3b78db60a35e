#include "core/algorithm/algorithm.h"

#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "core/algorithm/command_line.h"
#include "core/base/error.h"
#include "core/base/named_path.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/spec/algorithm_file.h"

namespace mat {
namespace {

const char* origin_of(const AlgorithmRecord& record) {
  return record.definition.command ? "saved" : "built-in";
}

Json algorithm_json(const AlgorithmRecord& record) {
  Json json = to_json(record.definition);
  json["origin"] = origin_of(record);
  json["created"] = record.created_ms == 0 ? Json(nullptr) : Json(utc_text(record.created_ms));
  return json;
}

std::string channels_text(const std::vector<Channel>& channels) {
  std::vector<std::string> names;
  for (const Channel& c : channels) names.push_back(c.name + (c.required ? " (required)" : ""));
  return join(names, ", ");
}

// A built-in one needs no registry.
AlgorithmRecord find(const Context& context, const std::string& name) {
  if (const Algorithm* builtin = find_builtin_algorithm(name)) return {0, 0, *builtin};
  return context.open_to_read().algorithm(name);
}

void check_code(const Algorithm& algorithm, const std::string& file) {
  const std::string& code = algorithm.command->code;
  if (code.empty()) return;
  require_there(code, "code folder", fmt::format("paths in {} are relative to its folder", file));
  std::error_code error;
  if (std::filesystem::is_directory(code, error)) return;
  throw Error(ErrorKind::usage, fmt::format("{}: the code '{}' is no folder", file, code),
              "name the folder that it is in, which is copied whole");
}

int create(const Context& context, const std::string& file, bool replace, bool json) {
  const Algorithm algorithm = read_algorithm_file(file);
  check_code(algorithm, file);
  Registry registry = context.open_to_write();
  const AlgorithmRecord saved = registry.save_algorithm(algorithm, replace);
  if (json) {
    print_json(algorithm_json(saved));
  } else {
    print(fmt::format("Saved the algorithm {0}; a spec uses it with 'algorithm: {0}'\n",
                      algorithm.name));
  }
  return 0;
}

int list(const Context& context, const ListFlags& flags) {
  const ListOptions options = flags.options();
  const auto listing = context.open_to_read().list_algorithms(options);
  if (flags.json) {
    Json rows = Json::array();
    for (const AlgorithmRecord& record : listing.rows) rows.push_back(algorithm_json(record));
    print_json(list_document("algorithms", rows, listing.total, listing.total_is_exact));
    return 0;
  }
  Table table({{"NAME"}, {"TASK"}, {"ORIGIN"}, {"DESCRIPTION", Align::left, true}});
  for (const AlgorithmRecord& record : listing.rows) {
    table.add({record.definition.name, name_of(record.definition.task), origin_of(record),
               record.definition.description});
  }
  print_list(table, listing.total, "algorithms", "mat algorithm create -f FILE", flags.filter);
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "algorithms",
             flags.offset);
  return 0;
}

using FieldList = std::vector<std::pair<std::string, Cell>>;

FieldList fields_of(const Command& command) {
  const bool has_code = !command.code.empty(), has_image = !command.image.empty();
  const std::uint64_t limit = command.code_limit_bytes;
  return {{"command", join_command(command.words)},
          {"code", command.code},
          {"code limit", has_code ? format_bytes(limit, likely_units(limit)) : ""},
          {"image", command.image},
          {"network", has_image ? (command.network ? "yes" : "no") : ""},
          {"parameters as", name_of(command.parameters)},
          {"metric patterns", join(command.metrics, "  ")}};
}

void print_hyperparameters(const Algorithm& algorithm) {
  if (algorithm.hyperparameters.empty()) return;
  Table table(
      {{"HYPERPARAMETER"}, {"TYPE"}, {"DEFAULT"}, {"RANGE"}, {"MEANING", Align::left, true}});
  for (const Hyperparameter& h : algorithm.hyperparameters) {
    table.add({h.name, name_of(h.type), h.required ? "(required)" : value_text(h.default_value),
               h.adjustable ? range_text(h) : "(fixed)", h.description});
  }
  print("\n" + table.text());
}

int show(const Context& context, const std::string& name, bool json) {
  const AlgorithmRecord record = find(context, name);
  if (json) {
    print_json(algorithm_json(record));
    return 0;
  }
  const Algorithm& algorithm = record.definition;
  const Constraints& constraints = algorithm.constraints;
  FieldList fields{{"algorithm", algorithm.name},
                   {"description", algorithm.description},
                   {"task", name_of(algorithm.task)},
                   {"saved", record.created_ms == 0 ? "" : local_text(record.created_ms)},
                   {"inputs", channels_text(algorithm.inputs)},
                   {"outputs", channels_text(algorithm.outputs)},
                   {"other parameters", algorithm.allow_extra_hyperparameters ? "allowed" : ""},
                   {"runs on", std::string(constraints.cpu ? "cpu" : "") +
                                   (constraints.cpu && constraints.gpu ? ", " : "") +
                                   (constraints.gpu ? "gpu" : "")},
                   {"nodes", fmt::format("at most {}", constraints.max_nodes)}};
  if (algorithm.command) {
    for (auto& field : fields_of(*algorithm.command)) fields.push_back(std::move(field));
  }
  print_fields(fields);
  print_hyperparameters(algorithm);
  return 0;
}

int remove(const Context& context, const std::string& name, bool yes, bool json) {
  Registry registry = context.open_to_change();
  const AlgorithmRecord record = registry.algorithm(name);
  const std::int64_t versions = registry.versions_of_algorithm(name);
  if (record.definition.command &&
      !confirmed(fmt::format("Delete the algorithm {}? Versions trained with it stay ({}).", name,
                             versions),
                 yes)) {
    throw Error(ErrorKind::interrupted, "nothing was deleted");
  }
  registry.delete_algorithm(name);
  if (json) {
    print_json({{"deleted", name}, {"versions_kept", versions}});
  } else {
    print(fmt::format("Deleted the algorithm {}\n", name));
    if (versions > 0) {
      note(fmt::format("{} used it and {} own record of it",
                       versions == 1 ? "one version" : fmt::format("{} versions", versions),
                       versions == 1 ? "keeps its" : "keep their"));
    }
  }
  return 0;
}

}  // namespace

void add_algorithm_commands(CLI::App& app, Context& context) {
  struct Flags {
    std::string name, file;
    bool replace = false, yes = false, json = false;
    ListFlags list;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "algorithm", "What can be trained, and with which settings");

  CLI::App* command = group->add_subcommand("create", "Save a command of your own as an algorithm");
  command->add_option("-f,--file", flags->file, "Its definition, a YAML file")
      ->type_name("FILE")
      ->required();
  command->add_flag("--replace", flags->replace, "Replace the saved one of that name");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return create(context, flags->file, flags->replace, flags->json);
  });

  command = group->add_subcommand("list", "List algorithms, the built-in ones first");
  flags->list.add_to(command, "origin = saved");
  set_action(command, context, [&context, flags] { return list(context, flags->list); });

  command = group->add_subcommand("show", "Show an algorithm's channels and hyperparameters");
  command->add_option("NAME", flags->name, "The algorithm")->required();
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return show(context, flags->name, flags->json); });

  command = group->add_subcommand("delete", "Delete a saved algorithm; its versions stay");
  command->add_option("NAME", flags->name, "The algorithm")->required();
  command->add_flag("-y,--yes", flags->yes, "Do not ask");
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return remove(context, flags->name, flags->yes, flags->json); });
}

}  // namespace mat
