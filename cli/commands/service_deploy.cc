#include "cli/commands/service_deploy.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "cli/commands/commands.h"
#include "cli/commands/service_view.h"
#include "cli/commands/views.h"
#include "cli/output/terminal.h"
#include "cli/signals.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/http/listen.h"
#include "core/http/token.h"
#include "core/life/version_lock.h"
#include "core/run/background.h"
#include "core/service/serve.h"
#include "core/service/service_folder.h"
#include "core/service/service_guard.h"
#include "core/service/services.h"
#include "core/training/blas_kernels.h"

namespace mat {
namespace {

constexpr std::size_t kLeastToken = 8, kMostToken = 256;
constexpr std::uint64_t kMostTokenFile = 4096;

ServiceSettings settings_of(const DeployFlags& flags) {
  ServiceSettings settings;
  settings.host = flags.host;
  settings.port = flags.port;
  settings.restart = flags.restart;
  settings.device = flags.compute.device;
  settings.precision = flags.compute.precision;
  settings.batch_size = flags.compute.batch_size;
  settings.max_pixels = flags.max_pixels;
  settings.max_connections = flags.max_connections;
  if (!flags.auto_stop.empty()) {
    settings.auto_stop_s = parse_duration(flags.auto_stop);
    // A bare number would be seconds, which nobody means.
    if (!settings.auto_stop_s || parse_number(flags.auto_stop)) {
      throw Error(ErrorKind::usage, fmt::format("'{}' is no time", flags.auto_stop),
                  "write it like --auto-stop 4h, or 30m");
    }
  }
  const auto bytes = parse_bytes(flags.max_body);
  if (!bytes || *bytes > 1U << 30) {
    throw Error(ErrorKind::usage, fmt::format("'{}' is no size of a request", flags.max_body),
                "write it like --max-body 20MB, up to 1GiB");
  }
  settings.max_body_bytes = *bytes;
  return settings;
}

void check_token(const std::string& token) {
  const bool is_plain =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (is_plain && token.size() >= kLeastToken && token.size() <= kMostToken) return;
  throw Error(ErrorKind::usage, "a token is 8 to 256 letters, digits and signs, without blanks",
              "for a good one: openssl rand -hex 32");
}

std::string token_of(const DeployFlags& flags) {
  std::string token = flags.token;
  if (!flags.token_file.empty()) {
    token = trim(read_file(flags.token_file, kMostTokenFile));
  } else if (const char* value = std::getenv("MAT_SERVICE_TOKEN"); token.empty() && value) {
    token = value;
  }
  if (!token.empty() || !flags.token_file.empty()) check_token(token);
  return token;
}

// Answers that differ from those of 'mat predict' in the last digits should surprise nobody.
void note_precision(const ServiceRecord& service) {
  const Json::json_pointer place("/model/precision");
  if (!service.facts.contains(place) || service.facts[place] == "fp32") return;
  note(fmt::format(
      "it computes in {}, the fastest here; 'mat predict' in fp32, as --precision fp32 would",
      value_text(service.facts[place])));
}

void print_ready(const ServiceRecord& service, const Home& home, const std::string& new_token,
                 bool json) {
  if (json) {
    Json document = service_json(service, home);
    if (!new_token.empty()) document["token"] = new_token;
    print_json(document);
  } else {
    print(fmt::format("{} answers at {}\n", service.name, service.address));
    if (!new_token.empty()) print(fmt::format("token: {}\n", new_token));
    note_how_others_reach(service_settings_from_json(service.settings, service.name).host);
    note_precision(service);
  }
  finish_output();
}

VersionLock lock_service(const Home& home, const std::string& name) {
  try {
    return VersionLock::acquire(home.service_folder(name));
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::conflict) throw;
    throw Error(ErrorKind::conflict, fmt::format("another process serves {}", name));
  }
}

void record_failure(const Home& home, Id id, const Error& error) {
  Registry registry(home, Registry::Mode::write);
  Registry::ProcessChange change;
  change.status = Status::failed;
  change.reason = error.message();
  change.facts = Json{{"hint", error.hint()}};
  registry.change_service(id, {Status::pending}, change);
}

// Serves a Pending service until it ends. A registry that is open must not be shared with the
// process that a guard starts.
int serve_pending(const Home& home, const ServiceRecord& service, FileDescriptor listening,
                  const std::function<void(const ServiceRecord&)>& ready) {
  const VersionLock lock = lock_service(home, service.name);
  ServeRequest request;
  request.service = service.id;
  request.begun_s = monotonic_seconds();
  request.stop_reason = SignalsAsStop::reason;
  request.ready = ready;
  request.open_model = [](const ModelRequest& model) { return load_trainer().open_model(model); };
  request.open_table_model = [](const TableRequest& model) {
    return load_trainer().open_table_model(model);
  };
  if (service_settings_from_json(service.settings, service.name).restart) {
    const Guarded guarded = guard_service(home, service.id, SignalsAsStop::reason);
    if (guarded.exit_code) return *guarded.exit_code;
    request.restarts = guarded.restarts;
  }
  // LibTorch is loaded by a thread of the service, when others run.
  choose_blas_kernels();
  const ServeEnd end = serve(home, request, std::move(listening));
  note(fmt::format("{}: {}", service.name, end.reason));
  const bool was_interrupted =
      end.why == ServeEnd::Why::stopped_here && SignalsAsStop::was_interrupted();
  return static_cast<int>(was_interrupted ? ErrorKind::interrupted : ErrorKind::terminated);
}

FileDescriptor listen_for(const ServiceRecord& service) {
  const ServiceSettings settings = service_settings_from_json(service.settings, service.name);
  if (settings.port != 0 || settings.last_port == 0) {
    return listen_on(settings.host, settings.port);
  }
  try {
    return listen_on(settings.host, settings.last_port);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::usage) throw;
    note(fmt::format("{} answered at port {} before, which is in use: it gets another one",
                     service.name, settings.last_port));
    return listen_on(settings.host, 0);
  }
}

// One that has failed, or was interrupted, before it ever answered leaves nothing behind.
void forget(const Home& home, const ServiceRecord& service, ErrorKind why) noexcept {
  try {
    Registry registry(home, Registry::Mode::write);
    const auto found = registry.find_service(service.name);
    const bool has_ended = found && found->id == service.id && !is_active(found->status);
    if (has_ended && (found->status == Status::failed || why == ErrorKind::interrupted)) {
      registry.delete_service(service.name);
    }
  } catch (const std::exception&) {
    return;
  }
}

int serve_here(const Home& home, const ServiceRecord& service, FileDescriptor listening,
               const std::string& new_token, bool json, bool is_new) {
  const SignalsAsStop signals;
  note(fmt::format("{} opens {} (stop with Ctrl-C)", service.name, service.reference()));
  bool has_answered = false;
  try {
    const int code =
        serve_pending(home, service, std::move(listening), [&](const ServiceRecord& running) {
          has_answered = true;
          print_ready(running, home, new_token, json);
        });
    if (is_new && !has_answered && SignalsAsStop::was_interrupted()) {
      forget(home, service, ErrorKind::interrupted);
    }
    return code;
  } catch (const Error& e) {
    if (!has_answered) {
      record_failure(home, service.id, e);
      if (is_new) forget(home, service, e.kind());
    }
    throw;
  }
}

int serve_in_background(Registry& registry, const ServiceRecord& service,
                        const std::string& new_token, bool json, bool is_new) {
  try {
    const SignalsAsStop signals;
    // A terminal that is closed ends no service in the background.
    SignalsAsStop::leave_on_hangup();
    const ServiceRecord running = start_in_background(registry, service, SignalsAsStop::reason);
    print_ready(running, registry.home(), new_token, json);
  } catch (const Error& e) {
    if (is_new) forget(registry.home(), service, e.kind());
    throw;
  }
  if (!json) {
    note(fmt::format("it runs in the background; mat service show {0}, mat service stop {0}",
                     service.name));
  }
  return 0;
}

}  // namespace

void DeployFlags::add_to(CLI::App* command) {
  command->add_option("--name", name, "The service's name; by default that of the model")
      ->type_name("N");
  command->add_option("--host", host, "Address to listen on; others than this machine need a token")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command->add_option("--port", port, "Port to listen on; 0 is any that is free")
      ->type_name("N")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--auto-stop", auto_stop, "Stop after so long: 1h, 2h, 4h, 6h, 30m")
      ->type_name("TIME");
  CLI::Option* given = command->add_option("--token", token,
                                           "Answer only to 'Authorization: Bearer T'; made when "
                                           "another host is given. Others on this machine can "
                                           "see it while the command runs");
  given->type_name("T")->check([](const std::string& text) {
    return text.empty() ? std::string("is empty: a service without a token has no --token at all")
                        : std::string();
  });
  command
      ->add_option("--token-file", token_file,
                   "The token is what is in FILE; without both it is $MAT_SERVICE_TOKEN")
      ->type_name("FILE")
      ->excludes(given);
  command->add_flag("-d,--detach", detach, "Serve in the background; return once it answers");
  command->add_flag("--restart", restart, "Start it again when its process dies");
  compute.add_to(command);
  command->add_option("--max-body", max_body, "Larger requests are refused")
      ->type_name("SIZE")
      ->capture_default_str();
  command->add_option("--max-pixels", max_pixels, "Pictures of more pixels are refused")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{178'956'970}))
      ->capture_default_str();
  command->add_option("--max-connections", max_connections, "Connections at a time")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  add_json_flag(command, json);
}

int deploy_service(const Context& context, const DeployFlags& flags) {
  NewService wanted;
  wanted.name = flags.name;
  wanted.source = flags.source;
  wanted.settings = settings_of(flags);
  wanted.token = token_of(flags);
  std::string new_token;
  if (wanted.token.empty() && !is_loopback(flags.host)) wanted.token = new_token = make_token();
  // What is wrong with the address is found before anything is recorded.
  FileDescriptor listening = listen_on(flags.host, flags.port);
  if (flags.detach) listening = FileDescriptor();
  ServiceRecord service;
  const Home home = context.home();
  {
    Registry registry = open_services_to_write(context);
    note_choice(registry, wanted.source);
    service = record_service(registry, wanted);
    if (flags.detach) return serve_in_background(registry, service, new_token, flags.json, true);
  }
  return serve_here(home, service, std::move(listening), new_token, flags.json, true);
}

int start_service(const Context& context, const std::string& name, std::optional<int> port,
                  bool foreground, bool json) {
  ServiceRecord service;
  const Home home = context.home();
  FileDescriptor listening;
  {
    Registry registry = open_services_to_change(context);
    ServiceRecord before = registry.service(name);
    std::optional<Json> changed;
    if (port) {
      ServiceSettings settings = service_settings_from_json(before.settings, name);
      settings.port = *port;
      settings.last_port = 0;
      changed = before.settings = to_json(settings);
    }
    if (!is_active(before.status)) listening = listen_for(before);
    service = restart_service(registry, name, changed);
    if (!foreground) {
      listening = FileDescriptor();
      return serve_in_background(registry, service, "", json, false);
    }
  }
  return serve_here(home, service, std::move(listening), "", json, false);
}

int run_service(const Context& context, Id id) {
  const Home home = context.home();
  ServiceRecord service;
  {
    Registry registry(home, Registry::Mode::read);
    service = registry.service(id);
  }
  // What libraries print goes to the log.
  const auto begun = go_to_background(service_log_path(home.service_folder(service.name)));
  try {
    const SignalsAsStop signals;
    const int code =
        serve_pending(home, service, listen_for(service), [&](const ServiceRecord&) { begun(0); });
    begun(code);
    // LibTorch's own ending takes a second, and 'service stop' promises that the process is gone.
    std::fflush(nullptr);
    std::_Exit(code);
  } catch (const Error& e) {
    record_failure(home, id, e);
    begun(e.exit_code());
    throw;
  } catch (...) {
    begun(static_cast<int>(ErrorKind::bug));
    throw;
  }
}

}  // namespace mat
