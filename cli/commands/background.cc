#include "core/run/background.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "cli/commands/commands.h"
#include "cli/signals.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/run/batch_versions.h"
#include "core/run/keeper.h"
#include "core/run/node_check.h"
#include "core/run/run_batch.h"
#include "core/run/run_node.h"
#include "core/run/run_task.h"
#include "core/run/runner.h"
#include "core/run/stop_version.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Where LibTorch and others print to while a version runs in the background.
fs::path log_of(const Home& home, Id id) {
  Registry registry(home, Registry::Mode::read);
  const VersionRecord version = registry.version(id);
  return home.version_folder(version.job, version.number) / "log.txt";
}

// Whoever started this process waits for the answer, so that an error has to be one as well.
template <typename Work>
int in_background(const fs::path& output, Work&& work) {
  const auto begun = go_to_background(output);
  try {
    work(begun);
    begun(0);
    return 0;
  } catch (const Error& e) {
    begun(e.exit_code());
    throw;
  } catch (...) {
    begun(static_cast<int>(ErrorKind::bug));
    throw;
  }
}

int run_one(const Home& home, Id id) {
  return in_background(log_of(home, id), [&](const std::function<void(int)>& begun) {
    const SignalsAsStop signals;
    run_detached(home, id, begun, SignalsAsStop::reason);
  });
}

int keep(const Home& home) {
  return in_background(
      {}, [&](const std::function<void(int)>& begun) { keep_queue(home, [&begun] { begun(0); }); });
}

struct NodeFlags {
  std::string job;
  std::int64_t number = 0;
  NodeGroup group;
  std::string hosts;
  int parent = 0;
};

// The end of the process that started it ends it, also when that was killed.
bool lives_with(int parent) {
  return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
}

int do_node(const Home& home, const NodeFlags& flags) {
  if (flags.parent != 0 && !lives_with(flags.parent))
    return static_cast<int>(ErrorKind::terminated);
  NodeGroup group = flags.group;
  if (!flags.hosts.empty()) group.hosts = split(flags.hosts, ',');
  const SignalsAsStop signals;
  return exit_code_of(run_node(home, flags.job, flags.number, group, SignalsAsStop::reason));
}

void add_run_node(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<NodeFlags>();
  CLI::App* command = app.add_subcommand(kRunNodeCommand, "Do a node's part of a version");
  command->group("");
  command->add_option("JOB", flags->job, "The version's job")->required();
  command->add_option("NUMBER", flags->number, "and number")->required();
  command->add_option("--node", flags->group.node, "Which node this is, from 0")->required();
  command->add_option("--nodes", flags->group.nodes, "How many there are")->required();
  command->add_option("--address", flags->group.address, "Where node 0 is reached")->required();
  command->add_option("--port", flags->group.port, "A free port there")->required();
  command->add_option("--hosts", flags->hosts, "The hosts of all nodes, with commas");
  command->add_option("--parent", flags->parent, "The process whose end ends this one");
  set_action(command, context, [&context, flags] { return do_node(context.home(), *flags); });
}

struct BatchFlags {
  std::string job, token, hosts, pool;
  std::int64_t number = 0;
  int port = 0;
};

// What Slurm starts, and what asks it.
void add_batch_commands(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<BatchFlags>();
  CLI::App* command = app.add_subcommand(kRunBatchCommand, "Run a version in a job of Slurm");
  command->group("");
  command->add_option("JOB", flags->job, "The version's job")->required();
  command->add_option("NUMBER", flags->number, "and number")->required();
  command->add_option("TOKEN", flags->token, "of its submission")->required();
  set_action(command, context, [&context, flags] {
    const SignalsAsStop signals;
    return run_batch(context.home(), flags->job, flags->number, flags->token,
                     SignalsAsStop::received);
  });

  command = app.add_subcommand(kRunTaskCommand, "Do a node's part of a version in a job of Slurm");
  command->group("");
  command->add_option("JOB", flags->job, "The version's job")->required();
  command->add_option("NUMBER", flags->number, "and number")->required();
  command->add_option("PORT", flags->port, "A free port of node 0")->required();
  command->add_option("HOSTS", flags->hosts, "The hosts of all nodes, with commas")->required();
  set_action(command, context, [&context, flags] {
    const SignalsAsStop signals;
    // A stop of mat's: its file may be seen later here, or have found no room.
    const auto reason = [] {
      return SignalsAsStop::received() == SIGURG ? std::string(kStoppedByUser)
                                                 : SignalsAsStop::reason();
    };
    return run_task(context.home(), flags->job, flags->number, flags->port, flags->hosts, reason);
  });

  command = app.add_subcommand(kNodeCheckCommand, "Say what a node sees of the home");
  command->group("");
  command->add_option("TOKEN", flags->token, "Of the question")->required();
  set_action(command, context, [&context, flags] {
    print_json(answer_node_check(context.home(), flags->token));
    return 0;
  });

  command = app.add_subcommand(kLookAtSlurmCommand, "Ask Slurm about the versions of a pool");
  command->group("");
  command->add_option("POOL", flags->pool, "The pool")->required();
  set_action(command, context, [&context, flags] {
    return in_background({}, [&](const std::function<void(int)>& begun) {
      begun(0);
      look_at_pool(context.home(), flags->pool);
    });
  });
}

}  // namespace

void add_run_version_command(CLI::App& app, Context& context) {
  const auto id = std::make_shared<Id>(0);
  CLI::App* command = app.add_subcommand(kRunVersionCommand, "Run a version that waits its turn");
  command->group("");
  command->add_option("ID", *id, "The version's number in the registry")->required();
  set_action(command, context, [&context, id] { return run_one(context.home(), *id); });
}

void add_keep_queue_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(kKeepQueueCommand, "Start versions when it is their turn");
  command->group("");
  set_action(command, context, [&context] { return keep(context.home()); });
}

void add_node_commands(CLI::App& app, Context& context) {
  add_run_node(app, context);
  add_batch_commands(app, context);
}

}  // namespace mat
