#include "core/service/services.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "core/base/time.h"
#include "core/http/listen.h"
#include "core/http/token.h"
#include "core/model/model_source.h"
#include "core/run/background.h"
#include "core/run/run_environment.h"
#include "core/run/stop_request.h"
#include "core/run/version_lock.h"
#include "core/service/dead_services.h"
#include "core/service/service_folder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(20);
constexpr double kSecondsBetweenThoroughLooks = 0.5;
// Beyond the time that a stop leaves for what is under way.
constexpr double kGraceSeconds = 5;

ErrorKind kind_of(int code) {
  switch (code) {
    case 2:
      return ErrorKind::usage;
    case 3:
      return ErrorKind::not_found;
    case 4:
      return ErrorKind::conflict;
    default:
      return ErrorKind::io;
  }
}

[[noreturn]] void refuse(const ServiceRecord& service, const char* hint) {
  throw Error(ErrorKind::conflict, fmt::format("{} is {}", service.name, name_of(service.status)),
              hint);
}

// True when it has ended in time.
bool wait_for_end(Registry& registry, Id id, double seconds) {
  const double begin_s = monotonic_seconds();
  double looked_s = begin_s;
  for (;;) {
    if (!is_active(registry.service(id).status)) return true;
    if (monotonic_seconds() - begin_s > seconds) return false;
    if (monotonic_seconds() - looked_s > kSecondsBetweenThoroughLooks) {
      notice_dead_services(registry);
      looked_s = monotonic_seconds();
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

void kill(Registry& registry, const ServiceRecord& service, const fs::path& folder) {
  if (liveness_of(folder) == Liveness::elsewhere) {
    throw Error(
        ErrorKind::conflict,
        fmt::format("{} runs on another machine, and cannot be killed from here", service.name));
  }
  request_stop(folder, "killed by the user");
  if (const auto process = runner_process(folder)) {
    ::syscall(SYS_pidfd_send_signal, process->get(), SIGKILL, nullptr, 0);
  }
  wait_for_end(registry, service.id, kGraceSeconds);
}

}  // namespace

ServiceRecord record_service(Registry& registry, const NewService& service) {
  if (!is_loopback(service.settings.host) && service.token.empty()) {
    throw Error(ErrorKind::bug, "a service that others reach has a token");
  }
  const ModelSource source = find_model_source(registry, service.source);
  ServiceRecord record;
  record.name =
      service.name.empty() ? source.reference.substr(0, source.reference.find('@')) : service.name;
  record.source = source.source;
  record.model_version = source.model_version;
  record.settings = to_json(service.settings);
  record = registry.create_service(record);
  if (service.token.empty()) return record;
  try {
    write_service_token(registry.home().service_folder(record.name), service.token);
  } catch (const Error& e) {
    registry.change_service(record.id, {Status::pending},
                            {.status = Status::failed,
                             .reason = e.message(),
                             .address = {},
                             .facts = {},
                             .settings = {}});
    registry.delete_service(record.name);
    throw;
  }
  return record;
}

ServiceRecord restart_service(Registry& registry, const std::string& name) {
  const ServiceRecord service = registry.service(name);
  if (is_active(service.status)) refuse(service, "it has to be stopped before it is started");
  const fs::path folder = registry.home().service_folder(name);
  if (liveness_of(folder) == Liveness::alive) {
    throw Error(ErrorKind::conflict, fmt::format("{} is still ending", name), "try again");
  }
  withdraw_stop(folder);
  take_update_request(folder);
  Registry::ServiceChange change;
  change.facts = Json::object();
  const bool is_mine = registry.change_service(
      service.id, {Status::failed, Status::terminated, Status::abnormal}, change);
  if (!is_mine) refuse(registry.service(name), "somebody else has just started it");
  return registry.service(name);
}

ServiceRecord start_in_background(Registry& registry, const ServiceRecord& service) {
  const int code = run_hidden(registry.home(), {kRunServiceCommand, std::to_string(service.id)},
                              environment_with({}));
  notice_dead_services(registry);
  ServiceRecord record = registry.service(service.id);
  if (code == 0) return record;
  if (is_active(record.status)) {
    Registry::ServiceChange change;
    change.status = Status::failed;
    change.reason = fmt::format("its process ended before it began, with {}", code);
    registry.change_service(record.id, {Status::pending}, change);
    record = registry.service(service.id);
  }
  const auto hint = record.facts.find("hint");
  const bool has_hint = hint != record.facts.end() && hint->is_string() && !hint->empty();
  throw Error(kind_of(code), fmt::format("{}: {}", record.name, record.reason),
              has_hint ? hint->get<std::string>() : std::string());
}

ServiceRecord stop_service(Registry& registry, const std::string& name, bool force) {
  const ServiceRecord service = registry.service(name);
  if (!is_active(service.status)) refuse(service, "only a service that runs can be stopped");
  const fs::path folder = registry.home().service_folder(name);
  const ServiceSettings settings = service_settings_from_json(service.settings, name);
  if (!force) {
    request_stop(folder, "stopped by the user");
    if (wait_for_end(registry, service.id, settings.drain_s + kGraceSeconds)) {
      return registry.service(service.id);
    }
  }
  kill(registry, service, folder);
  const ServiceRecord after = registry.service(service.id);
  if (is_active(after.status)) refuse(after, "it could not be killed");
  return after;
}

ServiceRecord update_service(Registry& registry, const std::string& name,
                             const std::string& source) {
  const ServiceRecord service = registry.service(name);
  const ModelSource found = find_model_source(registry, source);
  if (!is_active(service.status)) {
    registry.set_service_source(service.id, found.source, found.model_version);
    return registry.service(service.id);
  }
  if (service.status != Status::running) refuse(service, "try again when it is Running");
  const fs::path folder = registry.home().service_folder(name);
  const UpdateRequest request{make_token(), found.source};
  request_update(folder, request);
  double looked_s = monotonic_seconds();
  for (;;) {
    if (const auto answer = read_update_answer(folder); answer && answer->id == request.id) {
      if (answer->code == 0) return registry.service(service.id);
      throw Error(
          kind_of(answer->code),
          fmt::format("{} serves {} as before: {}", name, service.reference(), answer->message),
          answer->hint);
    }
    if (monotonic_seconds() - looked_s > kSecondsBetweenThoroughLooks) {
      notice_dead_services(registry);
      const ServiceRecord now = registry.service(service.id);
      if (now.status != Status::running) refuse(now, "it ended meanwhile");
      const auto waiting = peek_update_request(folder);
      if (waiting && waiting->id != request.id) refuse(now, "another update came in between");
      looked_s = monotonic_seconds();
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace mat
