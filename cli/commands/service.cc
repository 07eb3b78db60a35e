#include <fmt/core.h>

#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/service_deploy.h"
#include "cli/commands/service_predict.h"
#include "cli/commands/service_view.h"
#include "cli/commands/views.h"
#include "cli/output/terminal.h"
#include "cli/signals.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/service/services.h"

namespace mat {
namespace {

int list(const Context& context, const ListFlags& flags) {
  const ListOptions options = flags.options();
  Registry registry = open_services_to_read(context);
  const auto listing = registry.list_services(options);
  if (flags.json) {
    Json rows = Json::array();
    for (const auto& service : listing.rows) rows.push_back(service_json(service, registry.home()));
    print_json(list_document("services", rows, listing.total, listing.total_is_exact));
    return 0;
  }
  const Table table = service_table(listing.rows);
  print_list(table, listing.total, "services", "mat service deploy MODEL", flags.filter);
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "services", flags.offset);
  return 0;
}

int print_one(const ServiceRecord& service, const Home& home, bool json) {
  if (json) {
    print_json(service_json(service, home));
  } else {
    print_service(service, home);
  }
  return 0;
}

int stop(const Context& context, const std::vector<std::string>& names, bool force, bool json) {
  Registry registry = open_services_to_change(context);
  // A name that is mistyped stops none.
  for (const std::string& name : names) registry.service(name);
  Json stopped = Json::array();
  for_each_name(names, [&](const std::string& name) {
    const ServiceRecord service = stop_service(registry, name, force);
    stopped.push_back(service_json(service, registry.home()));
    if (json && names.size() == 1) return print_json(stopped.front());
    if (json) return;
    print(fmt::format("{} is {}: {}\n", name, name_of(service.status), service.reason));
    flush_output();
  });
  if (json && names.size() > 1) print_json({{"services", stopped}});
  return 0;
}

int update(const Context& context, const std::string& name, const std::string& source, bool json) {
  Registry registry = open_services_to_change(context);
  note_choice(registry, source);
  const SignalsAsStop signals;
  SignalsAsStop::leave_on_hangup();
  const auto [service, changes] =
      update_service(registry, name, source, SignalsAsStop::was_interrupted);
  if (!changes.empty()) note(changes);
  if (json) return print_one(service, registry.home(), true);
  print(fmt::format("{} serves {}{}\n", name, service.reference(),
                    is_active(service.status) ? "" : " when it is started"));
  return 0;
}

int remove(const Context& context, const std::vector<std::string>& names, bool yes, bool json) {
  Registry registry = open_services_to_change(context);
  for (const std::string& name : names) {
    const ServiceRecord service = registry.service(name);
    if (!is_active(service.status)) continue;
    throw Error(ErrorKind::conflict, fmt::format("{} is {}", name, name_of(service.status)),
                fmt::format("stop it first: mat service stop {}", name));
  }
  const std::string all = join(names, ", ");
  const bool is_one = names.size() == 1;
  const std::string question =
      is_one ? fmt::format("Delete the service {} and its log? {} stays.", all,
                           registry.service(all).reference())
             : fmt::format("Delete the services {} and their logs? What they serve stays.", all);
  if (!confirmed(question, yes)) throw Error(ErrorKind::interrupted, "nothing was deleted");
  for_each_name(names, [&](const std::string& name) { registry.delete_service(name); });
  if (json) {
    print_json({{"deleted", is_one ? Json(all) : Json(names)}});
  } else {
    print(fmt::format("Deleted the service{} {}\n", is_one ? "" : "s", all));
  }
  return 0;
}

void add_ask(CLI::App* group, Context& context) {
  const auto flags = std::make_shared<ServicePredictFlags>();
  CLI::App* command = group->add_subcommand("predict", "Ask a service what pictures show");
  command->add_option("SERVICE", flags->name, "The service")->required();
  flags->predictions.add_pictures_to(command);
  flags->predictions.add_output_to(command);
  set_action(command, context, [&context, flags] { return predict_with_service(context, *flags); });
}

void add_hidden(CLI::App& app, Context& context) {
  const auto id = std::make_shared<Id>(0);
  CLI::App* command = app.add_subcommand(kRunServiceCommand, "Serve in the background");
  command->group("");
  command->add_option("ID", *id, "The service's number in the registry")->required();
  set_action(command, context, [&context, id] { return run_service(context, *id); });
}

}  // namespace

void add_service_commands(CLI::App& app, Context& context) {
  struct Flags {
    DeployFlags deploy;
    ListFlags list;
    std::string name, source;
    std::vector<std::string> names;
    std::optional<int> port;
    bool foreground = false, detach = false, force = false, yes = false, json = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "service", "Models that answer over HTTP");

  CLI::App* command = group->add_subcommand("deploy", "Serve a model, or a version of a job");
  command
      ->add_option("MODEL", flags->deploy.source,
                   "A model or a version of a job: flowers@1.0.0, JOB, JOB@3, JOB@best")
      ->required();
  flags->deploy.add_to(command);
  set_action(command, context,
             [&context, flags] { return deploy_service(context, flags->deploy); });

  command = group->add_subcommand("list", "List services");
  flags->list.add_to(command, "status = Running");
  set_action(command, context, [&context, flags] { return list(context, flags->list); });

  const auto add_name = [&] {
    command->add_option("SERVICE", flags->name, "The service")->required();
    add_json_flag(command, flags->json);
  };
  const auto add_names = [&] {
    command->add_option("SERVICE", flags->names, "The service, or several")->required();
    add_json_flag(command, flags->json);
  };
  command = group->add_subcommand("show", "Show a service");
  add_name();
  set_action(command, context, [&context, flags] {
    Registry registry = open_services_to_read(context);
    return print_one(registry.service(flags->name), registry.home(), flags->json);
  });

  command = group->add_subcommand(
      "start",
      "Start a service again, as it was deployed, in the background; return once it answers");
  add_name();
  command
      ->add_option("--port", flags->port,
                   "Another port, from now on; 0 for any that is free. That of before otherwise")
      ->type_name("PORT")
      ->check(CLI::Range(0, 65535));
  command->add_flag("--foreground", flags->foreground, "Serve here, until Ctrl-C");
  // What 'deploy' takes; here it goes without saying.
  command->add_flag("-d,--detach", flags->detach)->group("");
  set_action(command, context, [&context, flags] {
    if (flags->foreground && flags->detach) {
      throw Error(ErrorKind::usage, "--foreground or --detach, not both");
    }
    return start_service(context, flags->name, flags->port, flags->foreground, flags->json);
  });

  command = group->add_subcommand("stop", "Answer what is under way, and end");
  add_names();
  command->add_flag("--force", flags->force, "Kill it");
  set_action(command, context,
             [&context, flags] { return stop(context, flags->names, flags->force, flags->json); });

  command = group->add_subcommand("update", "Serve another model, without a failed request");
  add_name();
  command->add_option("MODEL", flags->source, "What it serves from now on")->required();
  set_action(command, context, [&context, flags] {
    return update(context, flags->name, flags->source, flags->json);
  });

  command = group->add_subcommand("delete", "Delete a service that does not run");
  add_names();
  command->add_flag("-y,--yes", flags->yes, "Do not ask");
  set_action(command, context,
             [&context, flags] { return remove(context, flags->names, flags->yes, flags->json); });
  add_ask(group, context);
  add_hidden(app, context);
}

}  // namespace mat
