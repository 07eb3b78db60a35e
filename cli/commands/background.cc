#include "core/run/background.h"

#include <memory>

#include "cli/commands/commands.h"
#include "cli/signals.h"
#include "core/base/error.h"
#include "core/run/keeper.h"
#include "core/run/runner.h"

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

}  // namespace

void add_background_commands(CLI::App& app, Context& context) {
  const auto id = std::make_shared<Id>(0);
  CLI::App* command = app.add_subcommand(kRunVersionCommand, "Run a version that waits its turn");
  command->group("");
  command->add_option("ID", *id, "The version's number in the registry")->required();
  set_action(command, context, [&context, id] { return run_one(context.home(), *id); });

  command = app.add_subcommand(kKeepQueueCommand, "Start versions when it is their turn");
  command->group("");
  set_action(command, context, [&context] { return keep(context.home()); });
}

}  // namespace mat
