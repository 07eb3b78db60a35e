#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>

#include "cli/commands/commands.h"
#include "cli/commands/views.h"
#include "cli/output/terminal.h"
#include "cli/signals.h"
#include "cli/ui/api.h"
#include "core/base/error.h"
#include "core/base/process.h"
#include "core/http/listen.h"
#include "core/http/token.h"
#include "core/run/run_environment.h"

namespace mat {
namespace {

// Where it listens when nothing is said and nobody else does.
constexpr int kUsualPort = 7300;
constexpr int kNoPort = -1;
constexpr auto kBetweenLooks = std::chrono::milliseconds(50);
constexpr double kDrainSeconds = 3;
constexpr double kAnswerSeconds = 3600;  // a dataset that is checked, a model that is deployed
constexpr std::size_t kBodyBytes = 1 << 20;
constexpr std::size_t kHeaderBytes = 256 << 10;  // thousands of versions to compare

struct UiFlags {
  std::string host = "127.0.0.1";
  int port = kNoPort;
  bool open = false, json = false;
};

FileDescriptor listen(const UiFlags& flags) {
  if (flags.port != kNoPort) return listen_on(flags.host, flags.port);
  try {
    return listen_on(flags.host, kUsualPort);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::conflict) throw;
    return listen_on(flags.host, 0);
  }
}

// In the background, and it may stay there: on some systems it becomes the browser.
void open_browser(const std::string& address) {
  const SpawnAttributes attributes(POSIX_SPAWN_SETSID);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&files, stream, "/dev/null", O_RDWR, 0);
  }
  const std::vector<std::string> words{"xdg-open", address};
  pid_t pid = -1;
  const int problem =
      ::posix_spawnp(&pid, words.front().c_str(), &files, attributes.get(),
                     as_pointers(words).data(), as_pointers(environment_with({})).data());
  posix_spawn_file_actions_destroy(&files);
  if (problem != 0) note("there is no xdg-open here: open the address yourself");
}

int serve_ui(const Context& context, const UiFlags& flags) {
  const SignalsAsStop signals;
  FileDescriptor listening = listen(flags);
  UiApi api(context.home(), {make_token(), flags.host, port_of(listening)});
  HttpServerOptions options;
  options.limits.body_bytes = kBodyBytes;
  options.limits.header_bytes = kHeaderBytes;
  options.limits.answer_s = kAnswerSeconds;
  options.admit = [&api](const HttpRequest& request) { return api.admit(request); };
  HttpServer server(std::move(listening), std::move(options),
                    [&api](HttpRequest&& request, std::shared_ptr<HttpResponder> responder) {
                      api.handle(std::move(request), std::move(responder));
                    });
  if (flags.json) {
    print_json({{"address", api.address()}, {"home", context.home().root.string()}});
  } else {
    print(api.address() + "\n");
  }
  finish_output();
  note("whoever has this address can see and change everything here; Ctrl-C ends it");
  note_how_others_reach(flags.host);
  if (flags.open) open_browser(api.address());
  while (SignalsAsStop::reason().empty()) std::this_thread::sleep_for(kBetweenLooks);
  api.stop();
  server.stop(kDrainSeconds);
  return 0;
}

}  // namespace

void add_ui_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("ui", "Show everything in a browser, on this machine");
  const auto flags = std::make_shared<UiFlags>();
  command
      ->add_option("--host", flags->host,
                   "Address to listen on; others see it then, and need the token")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command
      ->add_option(
          "--port", flags->port,
          fmt::format("Port to listen on; by default {}, or any when it is taken", kUsualPort))
      ->type_name("N")
      ->check(CLI::Range(0, 65535));
  command->add_flag("--open", flags->open, "Open it in the browser");
  add_json_flag(command, flags->json);
  set_action(command, context, [&context, flags] { return serve_ui(context, *flags); });
}

}  // namespace mat
