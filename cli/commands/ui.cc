#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <thread>

#include "cli/commands/commands.h"
#include "cli/output/terminal.h"
#include "cli/signals.h"
#include "cli/ui/api.h"
#include "core/base/child_process.h"
#include "core/base/error.h"
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
constexpr double kOpenSeconds = 5;

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

void open_browser(const std::string& address) {
  ChildLimits limits;
  limits.seconds = kOpenSeconds;
  const ChildResult result = run_child({"xdg-open", address}, environment_with({}), limits);
  if (!result.started) note("there is no xdg-open here: open the address yourself");
}

int serve_ui(const Context& context, const UiFlags& flags) {
  const SignalsAsStop signals;
  FileDescriptor listening = listen(flags);
  UiApi api(context.home(), {make_token(), flags.host, port_of(listening)});
  HttpServerOptions options;
  options.limits.body_bytes = kBodyBytes;
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
  if (flags.open) open_browser(api.address());
  while (SignalsAsStop::reason().empty()) std::this_thread::sleep_for(kBetweenLooks);
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
