#include "core/algorithm/algorithm.h"

#include <fmt/core.h>

#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

std::string channels_text(const std::vector<Channel>& channels) {
  std::vector<std::string> names;
  for (const Channel& c : channels) names.push_back(c.name + (c.required ? " (required)" : ""));
  return join(names, ", ");
}

int list(const ListFlags& flags) {
  if (!flags.filter.empty() || !flags.sort.empty()) {
    throw Error(ErrorKind::usage, "algorithms are listed in a fixed order",
                "leave --filter and --sort out");
  }
  const auto& all = builtin_algorithms();
  const std::size_t count =
      flags.limit == 0 ? all.size() : std::min<std::size_t>(all.size(), flags.limit);
  if (flags.json) {
    Json rows = Json::array();
    for (std::size_t i = 0; i < count; ++i) rows.push_back(to_json(all[i]));
    print_json(list_document("algorithms", rows, static_cast<std::int64_t>(all.size()), true));
    return 0;
  }
  Table table({{"NAME"}, {"TASK"}, {"DESCRIPTION", Align::left, true}});
  for (std::size_t i = 0; i < count; ++i) {
    table.add({all[i].name, name_of(all[i].task), all[i].description});
  }
  print(table.text());
  note_total(count, static_cast<std::int64_t>(all.size()), true, "algorithms");
  return 0;
}

int show(const std::string& name, bool json) {
  const Algorithm* algorithm = find_builtin_algorithm(name);
  if (algorithm == nullptr) {
    std::vector<std::string> names;
    for (const Algorithm& a : builtin_algorithms()) names.push_back(a.name);
    throw Error(ErrorKind::not_found, fmt::format("there is no algorithm '{}'", name),
                name_hint(name, names));
  }
  if (json) {
    print_json(to_json(*algorithm));
    return 0;
  }
  const Constraints& constraints = algorithm->constraints;
  print_fields({{"algorithm", algorithm->name},
                {"description", algorithm->description},
                {"task", name_of(algorithm->task)},
                {"inputs", channels_text(algorithm->inputs)},
                {"outputs", channels_text(algorithm->outputs)},
                {"runs on", std::string(constraints.cpu ? "cpu" : "") +
                                (constraints.cpu && constraints.gpu ? ", " : "") +
                                (constraints.gpu ? "gpu" : "")},
                {"nodes", fmt::format("at most {}", constraints.max_nodes)}});
  Table table(
      {{"HYPERPARAMETER"}, {"TYPE"}, {"DEFAULT"}, {"RANGE"}, {"MEANING", Align::left, true}});
  for (const Hyperparameter& h : algorithm->hyperparameters) {
    table.add({h.name, name_of(h.type), h.required ? "(required)" : value_text(h.default_value),
               range_text(h), h.description});
  }
  print("\n" + table.text());
  return 0;
}

}  // namespace

void add_algorithm_commands(CLI::App& app, Context& context) {
  struct Flags {
    std::string name;
    bool json = false;
    ListFlags list;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "algorithm", "What can be trained, and with which settings");

  CLI::App* command = group->add_subcommand("list", "List algorithms");
  flags->list.add_to(command);
  set_action(command, context, [flags] { return list(flags->list); });

  command = group->add_subcommand("show", "Show an algorithm's channels and hyperparameters");
  command->add_option("NAME", flags->name, "The algorithm")->required();
  add_json_flag(command, flags->json);
  set_action(command, context, [flags] { return show(flags->name, flags->json); });
}

}  // namespace mat
