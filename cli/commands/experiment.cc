#include <fmt/core.h>

#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "cli/output/table.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"

namespace mat {
namespace {

Json experiment_json(const ExperimentRecord& e) {
  return {{"name", e.name},
          {"description", e.description},
          {"job_count", e.job_count},
          {"created", utc_text(e.created_ms)}};
}

int create(const Context& context, const std::string& name, const std::string& description,
           bool json) {
  Registry registry = context.open_to_write();
  const ExperimentRecord experiment = registry.create_experiment(name, description);
  if (json) {
    print_json(experiment_json(experiment));
  } else {
    print(fmt::format("Created the experiment {}\n", name));
  }
  return 0;
}

int list(const Context& context, const ListFlags& flags) {
  const ListOptions options = flags.options();
  Registry registry = context.open_to_read();
  const auto listing = registry.list_experiments(options);
  if (flags.json) {
    Json rows = Json::array();
    for (const auto& e : listing.rows) rows.push_back(experiment_json(e));
    print_json(list_document("experiments", rows, listing.total, listing.total_is_exact));
    return 0;
  }
  Table table({{"NAME"}, {"JOBS", Align::right}, {"CREATED"}, {"DESCRIPTION", Align::left, true}});
  for (const auto& e : listing.rows) {
    table.add({e.name, std::to_string(e.job_count), short_local_text(e.created_ms), e.description});
  }
  print_list(table, listing.total, "experiments", "mat experiment create NAME", flags.filter);
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "experiments",
             flags.offset);
  return 0;
}

int show(const Context& context, const std::string& name, bool json) {
  Registry registry = context.open_to_read();
  const ExperimentRecord experiment = registry.experiment(name);
  const auto jobs = registry.jobs_of_experiment(name);
  if (json) {
    Json document = experiment_json(experiment);
    document["jobs"] = Json::array();
    for (const JobRecord& job : jobs) document["jobs"].push_back(job_json(job));
    print_json(document);
    return 0;
  }
  print_fields({{"experiment", experiment.name},
                {"description", experiment.description},
                {"created", local_text(experiment.created_ms)}});
  if (!jobs.empty()) print("\n" + job_table(jobs).text());
  return 0;
}

int remove(const Context& context, const std::string& name, bool yes, bool json) {
  Registry registry = context.open_to_change();
  const ExperimentRecord experiment = registry.experiment(name);
  if (!confirmed(
          fmt::format("Delete the experiment {}? Its jobs stay ({}).", name, experiment.job_count),
          yes)) {
    throw Error(ErrorKind::interrupted, "nothing was deleted");
  }
  registry.delete_experiment(name);
  if (json) {
    print_json({{"deleted", name}, {"jobs_kept", experiment.job_count}});
  } else {
    print(fmt::format("Deleted the experiment {}; its jobs stay\n", name));
  }
  return 0;
}

}  // namespace

void add_experiment_commands(CLI::App& app, Context& context) {
  struct Flags {
    std::string name, description;
    bool yes = false, json = false;
    ListFlags list;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "experiment", "Named groups of jobs");

  CLI::App* command = group->add_subcommand("create", "Make an experiment");
  command->add_option("NAME", flags->name, "Its name")->required();
  command->add_option("--description", flags->description, "What it is about")->type_name("TEXT");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] {
    return create(context, flags->name, flags->description, flags->json);
  });

  command = group->add_subcommand("list", "List experiments");
  flags->list.add_to(command, "jobs > 2");
  set_action(command, context, [&context, flags] { return list(context, flags->list); });

  command = group->add_subcommand("show", "Show an experiment and its jobs");
  command->add_option("NAME", flags->name, "The experiment")->required();
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return show(context, flags->name, flags->json); });

  command = group->add_subcommand("delete", "Delete an experiment; its jobs stay");
  command->add_option("NAME", flags->name, "The experiment")->required();
  command->add_flag("-y,--yes", flags->yes, "Do not ask");
  add_json_flag(command, flags->json);
  set_action(command, context,
             [&context, flags] { return remove(context, flags->name, flags->yes, flags->json); });
}

}  // namespace mat
