#include <fmt/core.h>

#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "cli/commands/visualization_view.h"
#include "cli/output/terminal.h"
#include "cli/signals.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/http/listen.h"
#include "core/life/version_lock.h"
#include "core/run/background.h"
#include "core/training/log_file.h"
#include "core/visualization/dead_visualizations.h"
#include "core/visualization/run_visualization.h"
#include "core/visualization/tensorboard.h"
#include "core/visualization/visualizations.h"

namespace mat {
namespace {

constexpr const char* kNever = "never";

struct Flags {
  ListFlags list;
  std::vector<std::string> references, names;
  std::string name, host = "127.0.0.1", auto_stop = "4h";
  int port = 0;
  bool force = false, yes = false, json = false;
};

Registry open_to_read(const Context& context) {
  Registry registry = context.open_to_read();
  notice_dead_visualizations(registry);
  return registry;
}

Registry open_to_change(const Context& context) {
  Registry registry = context.open_to_change();
  notice_dead_visualizations(registry);
  return registry;
}

int print_one(const VisualizationRecord& visualization, const Home& home, bool json) {
  if (json) {
    print_json(visualization_json(visualization, home));
  } else {
    print_visualization(visualization, home);
  }
  return 0;
}

// Starts a Pending one. What has never answered leaves nothing behind when it is new.
int start(Registry& registry, const VisualizationRecord& pending, bool is_new, bool json) {
  note(fmt::format("{} starts TensorBoard", pending.name));
  VisualizationRecord running;
  try {
    running = start_visualization(registry, pending);
  } catch (const Error&) {
    const auto left = registry.find_visualization(pending.name);
    if (is_new && left && left->id == pending.id && !is_active(left->status)) {
      registry.delete_visualization(pending.name);
    }
    throw;
  }
  if (json) return print_one(running, registry.home(), true);
  print(fmt::format("{} answers at {}\n", running.name, running.address));
  note(fmt::format("it runs in the background; mat viz show {0}, mat viz stop {0}", running.name));
  return 0;
}

std::optional<double> auto_stop_of(const Flags& flags) {
  if (flags.auto_stop == kNever) return std::nullopt;
  const auto seconds = parse_duration(flags.auto_stop);
  if (seconds && *seconds > 0) return seconds;
  throw Error(ErrorKind::usage, fmt::format("'{}' is no time", flags.auto_stop),
              "write it like --auto-stop 4h, 30m, or never");
}

int create(const Context& context, const Flags& flags) {
  NewVisualization wanted;
  wanted.name = flags.name;
  wanted.versions = flags.references;
  wanted.settings.host = flags.host;
  wanted.settings.port = flags.port;
  wanted.settings.auto_stop_s = auto_stop_of(flags);
  Registry registry = open_to_change(context);
  // What is wrong is found before anything is recorded.
  for (const std::string& reference : wanted.versions) registry.version(reference);
  listen_on(flags.host, flags.port);
  wanted.settings.program = find_tensorboard();
  if (!is_loopback(flags.host)) {
    note("TensorBoard asks nobody who he is: whoever reaches this address sees all of it");
    note_how_others_reach(flags.host);
  }
  return start(registry, record_visualization(registry, wanted), true, flags.json);
}

int list(const Context& context, const ListFlags& flags) {
  const ListOptions options = flags.options();
  Registry registry = open_to_read(context);
  const auto listing = registry.list_visualizations(options);
  if (flags.json) {
    Json rows = Json::array();
    for (const auto& each : listing.rows) {
      rows.push_back(visualization_json(each, registry.home()));
    }
    print_json(list_document("visualizations", rows, listing.total, listing.total_is_exact));
    return 0;
  }
  const Table table = visualization_table(listing.rows);
  print_list(table, listing.total, "visualizations", "mat viz create REF", flags.filter);
  note_total(listing.rows.size(), listing.total, listing.total_is_exact, "visualizations");
  return 0;
}

int stop(const Context& context, const Flags& flags) {
  Registry registry = open_to_change(context);
  // A name that is mistyped stops none.
  for (const std::string& name : flags.names) registry.visualization(name);
  Json all = Json::array();
  for_each_name(flags.names, [&](const std::string& name) {
    const VisualizationRecord stopped = stop_visualization(registry, name, flags.force);
    all.push_back(visualization_json(stopped, registry.home()));
    if (flags.json && flags.names.size() == 1) return print_json(all.front());
    if (flags.json) return;
    print(fmt::format("{} is {}: {}\n", name, name_of(stopped.status), stopped.reason));
    flush_output();
  });
  if (flags.json && flags.names.size() > 1) print_json({{"visualizations", all}});
  return 0;
}

int remove(const Context& context, const Flags& flags) {
  Registry registry = open_to_change(context);
  const VisualizationRecord visualization = registry.visualization(flags.name);
  if (is_active(visualization.status)) {
    throw Error(ErrorKind::conflict,
                fmt::format("{} is {}", flags.name, name_of(visualization.status)),
                fmt::format("stop it first: mat viz stop {}", flags.name));
  }
  if (!confirmed(fmt::format("Delete the visualization {}? What it shows stays.", flags.name),
                 flags.yes)) {
    throw Error(ErrorKind::interrupted, "nothing was deleted");
  }
  registry.delete_visualization(flags.name);
  if (flags.json) {
    print_json({{"deleted", flags.name}});
  } else {
    print(fmt::format("Deleted the visualization {}\n", flags.name));
  }
  return 0;
}

void record_failure(const Home& home, Id id, const Error& error) {
  Registry registry(home, Registry::Mode::write);
  Registry::ProcessChange change;
  change.status = Status::failed;
  change.reason = error.message();
  change.facts = Json{{"hint", error.hint()}};
  registry.change_visualization(id, {Status::pending}, change);
}

int run_hidden_one(const Context& context, Id id) {
  const Home home = context.home();
  std::string name;
  {
    Registry registry(home, Registry::Mode::read);
    name = registry.visualization(id).name;
  }
  const auto folder = home.visualization_folder(name);
  const auto begun = go_to_background(folder / kLogName);
  try {
    const SignalsAsStop signals;
    const VersionLock lock = VersionLock::acquire(folder);
    VisualizationRun run;
    run.visualization = id;
    run.stop_reason = SignalsAsStop::reason;
    run.ready = [&] { begun(0); };
    run_visualization(home, run);
    begun(static_cast<int>(ErrorKind::terminated));
    return static_cast<int>(ErrorKind::terminated);
  } catch (const Error& e) {
    record_failure(home, id, e);
    begun(e.exit_code());
    throw;
  } catch (...) {
    begun(static_cast<int>(ErrorKind::bug));
    throw;
  }
}

void add_create(CLI::App* group, Context& context, const std::shared_ptr<Flags>& flags) {
  CLI::App* command =
      group->add_subcommand("create", "Start TensorBoard on versions, and print its address");
  command
      ->add_option("REF", flags->references,
                   "Versions: JOB, JOB@3, JOB@latest, JOB@best; each has its name there")
      ->required();
  command->add_option("--name", flags->name, "Its name; by default that of the first job")
      ->type_name("N");
  command->add_option("--host", flags->host, "Address to listen on")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command->add_option("--port", flags->port, "Port to listen on; 0 is any that is free")
      ->type_name("N")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--auto-stop", flags->auto_stop, "Stop after so long: 1h, 4h, 30m, or never")
      ->type_name("TIME")
      ->capture_default_str();
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] { return create(context, *flags); });
}

void add_hidden(CLI::App& app, Context& context) {
  const auto id = std::make_shared<Id>(0);
  CLI::App* command =
      app.add_subcommand(kRunVisualizationCommand, "Run a visualization in the background");
  command->group("");
  command->add_option("ID", *id, "The visualization's number in the registry")->required();
  set_action(command, context, [&context, id] { return run_hidden_one(context, *id); });
}

}  // namespace

void add_visualization_commands(CLI::App& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  CLI::App* group = add_group(app, "viz", "TensorBoard on versions");
  add_create(group, context, flags);

  CLI::App* command = group->add_subcommand("list", "List visualizations");
  flags->list.add_to(command, "status = Running");
  set_action(command, context, [&context, flags] { return list(context, flags->list); });

  const auto add_name = [&] {
    command->add_option("VISUALIZATION", flags->name, "The visualization")->required();
    add_json_flag(command, flags->json);
  };
  command = group->add_subcommand("show", "Show a visualization");
  add_name();
  set_action(command, context, [&context, flags] {
    Registry registry = open_to_read(context);
    return print_one(registry.visualization(flags->name), registry.home(), flags->json);
  });

  command = group->add_subcommand("start", "Start one again that has ended");
  add_name();
  command->add_option("--port", flags->port, "Another port than before")
      ->type_name("N")
      ->check(CLI::Range(1, 65535));
  set_action(command, context, [&context, flags] {
    Registry registry = open_to_change(context);
    const auto pending = restart_visualization(registry, flags->name, flags->port);
    return start(registry, pending, false, flags->json);
  });

  command = group->add_subcommand("stop", "End it");
  command->add_option("VISUALIZATION", flags->names, "The visualization, or several")->required();
  add_json_flag(command, flags->json);
  command->add_flag("--force", flags->force, "Kill it");
  set_action(command, context, [&context, flags] { return stop(context, *flags); });

  command = group->add_subcommand("delete", "Delete one that does not run; its versions stay");
  add_name();
  command->add_flag("-y,--yes", flags->yes, "Do not ask");
  set_action(command, context, [&context, flags] { return remove(context, *flags); });
  add_hidden(app, context);
}

}  // namespace mat
