#include "core/service/services.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "core/base/lock_file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/http/listen.h"
#include "core/http/token.h"
#include "core/life/process_life.h"
#include "core/life/stop_request.h"
#include "core/life/version_lock.h"
#include "core/model/model_source.h"
#include "core/run/background.h"
#include "core/run/run_environment.h"
#include "core/service/dead_services.h"
#include "core/service/service_folder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(20);
constexpr double kSecondsBetweenThoroughLooks = 0.5;
// Beyond the time that a stop leaves for what is under way.
constexpr double kGraceSeconds = 5;

const std::vector<Status> kEnded = {Status::failed, Status::terminated, Status::abnormal};

[[noreturn]] void refuse(const ServiceRecord& service, const char* hint) {
  throw Error(ErrorKind::conflict, fmt::format("{} is {}", service.name, name_of(service.status)),
              hint);
}

// True when `is_so` of its record in time.
template <typename IsSo>
bool wait_until(Registry& registry, Id id, double seconds, const IsSo& is_so) {
  const double begin_s = monotonic_seconds();
  double looked_s = begin_s;
  for (;;) {
    if (is_so(registry.service(id))) return true;
    if (monotonic_seconds() - begin_s > seconds) return false;
    if (monotonic_seconds() - looked_s > kSecondsBetweenThoroughLooks) {
      notice_dead_services(registry);
      looked_s = monotonic_seconds();
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

bool wait_for_end(Registry& registry, Id id, double seconds) {
  return wait_until(registry, id, seconds,
                    [](const ServiceRecord& service) { return !is_active(service.status); });
}

void kill(Registry& registry, const ServiceRecord& service, const fs::path& folder) {
  kill_process(folder, service.name);
  wait_for_end(registry, service.id, kGraceSeconds);
  wait_for_process(folder, monotonic_seconds() + kGraceSeconds);
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 10;
  const std::vector<std::string> first(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, names.size())));
  return join(first, ", ") +
         (names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

const std::vector<std::string>& classes_of(const ModelSource& source) {
  return source.table ? source.table->classes : source.description.classes;
}

std::string answers_of(const ModelSource& source) {
  if (!source.table) return listed(classes_of(source));
  return fmt::format("'{}' as {}", source.table->target,
                     source.table->is_regression() ? "a number" : listed(classes_of(source)));
}

std::vector<std::string> columns_of(const ModelSource& source) {
  std::vector<std::string> names;
  if (!source.table) return names;
  for (const auto& column : source.table->encoder.columns()) names.push_back(column.name);
  return names;
}

// What else it asks for is refused, since all its clients would fail; other answers are told.
std::string change_of_answers(Registry& registry, const ServiceRecord& service,
                              const ModelSource& after) {
  ModelSource before;
  try {
    before = find_model_source(registry, service.source);
  } catch (const Error&) {
    // Whatever has become of it, another model is the way out.
    return {};
  }
  if (before.table.has_value() != after.table.has_value()) {
    throw Error(ErrorKind::conflict,
                fmt::format("{} answers for {}, and {} for {}", service.name,
                            before.table ? "rows of tables" : "pictures", after.reference,
                            after.table ? "rows of tables" : "pictures"),
                fmt::format("those who ask it would be refused; a service of its own: mat service "
                            "deploy {} --name NAME",
                            after.reference));
  }
  std::vector<std::string> changes;
  if (classes_of(before) != classes_of(after) || answers_of(before) != answers_of(after)) {
    changes.push_back(
        fmt::format("it answers {} now, not {}", answers_of(after), answers_of(before)));
  }
  if (columns_of(before) != columns_of(after)) {
    changes.push_back(fmt::format("its rows have the columns {} now, not {}",
                                  listed(columns_of(after)), listed(columns_of(before))));
  }
  return join(changes, "; ");
}

}  // namespace

ServiceRecord record_service(Registry& registry, const NewService& service) {
  if (!is_loopback(service.settings.host) && service.token.empty()) {
    throw Error(ErrorKind::bug, "a service that others reach has a token");
  }
  const ModelSource source = find_model_source(registry, service.source);
  if (source.table && service.settings.precision == "bf16") {
    throw Error(ErrorKind::usage, "rows of tables are computed in fp32 only");
  }
  ServiceRecord record;
  record.name =
      service.name.empty() ? source.reference.substr(0, source.reference.find('@')) : service.name;
  record.source = source.source;
  record.model_version = source.model_version;
  record.settings = to_json(service.settings);
  return registry.create_service(record, [&](const fs::path& folder) {
    if (!service.token.empty()) write_service_token(folder, service.token);
  });
}

ServiceRecord restart_service(Registry& registry, const std::string& name,
                              const std::optional<Json>& settings) {
  const ServiceRecord service = registry.service(name);
  if (is_active(service.status)) refuse(service, "it has to be stopped before it is started");
  const fs::path folder = registry.home().service_folder(name);
  if (liveness_of(folder) == Liveness::alive) {
    throw Error(ErrorKind::conflict, fmt::format("{} is still ending", name), "try again");
  }
  withdraw_stop(folder);
  drop_update_requests(folder);
  Registry::ProcessChange change;
  change.facts = Json::object();
  change.settings = settings;
  const bool is_mine = registry.change_service(service.id, kEnded, change);
  if (!is_mine) refuse(registry.service(name), "somebody else has just started it");
  return registry.service(name);
}

ServiceRecord start_in_background(Registry& registry, const ServiceRecord& service,
                                  const std::function<std::string()>& stop_reason) {
  const fs::path folder = registry.home().service_folder(service.name);
  std::string stopped;
  const int code = run_hidden(registry.home(), {kRunServiceCommand, std::to_string(service.id)},
                              environment_with({}), [&] {
                                if (!stopped.empty() || stop_reason().empty()) return;
                                try {
                                  ask_to_stop(folder, stop_reason());
                                } catch (const Error&) {
                                  return;  // without room for the word of it: again when it runs
                                }
                                stopped = stop_reason();
                              });
  notice_dead_services(registry);
  ServiceRecord record = registry.service(service.id);
  if (!stopped.empty()) {
    wait_for_end(registry, service.id, kGraceSeconds);
    wait_for_process(folder, monotonic_seconds() + kGraceSeconds);
    throw Error(ErrorKind::interrupted, fmt::format("{} is not served: {}", service.name, stopped));
  }
  if (code == 0) return record;
  if (is_active(record.status)) {
    Registry::ProcessChange change;
    change.status = Status::failed;
    change.reason = fmt::format("its process ended before it began, with {}", code);
    registry.change_service(record.id, {Status::pending}, change);
    record = registry.service(service.id);
  }
  const auto hint = record.facts.find("hint");
  const bool has_hint = hint != record.facts.end() && hint->is_string() && !hint->empty();
  throw Error(kind_of_exit(code), fmt::format("{}: {}", record.name, record.reason),
              has_hint ? hint->get<std::string>() : std::string());
}

ServiceRecord wait_until_running(Registry& registry, const std::string& name, double seconds,
                                 const std::function<void(const ServiceRecord&)>& waits) {
  ServiceRecord service = registry.service(name);
  if (service.status == Status::pending) {
    waits(service);
    wait_until(registry, service.id, seconds,
               [](const ServiceRecord& now) { return now.status != Status::pending; });
    service = registry.service(service.id);
  }
  if (service.status == Status::running) return service;
  throw Error(ErrorKind::conflict,
              fmt::format("{} is {}{}{}", name, name_of(service.status),
                          service.reason.empty() ? "" : ": ", service.reason),
              service.status == Status::pending
                  ? fmt::format("it starts by itself: try again; what it does: {}",
                                service_log_path(registry.home().service_folder(name)).string())
                  : fmt::format("mat service start {}", name));
}

ServiceRecord stop_service(Registry& registry, const std::string& name, bool force) {
  const ServiceRecord service = registry.service(name);
  const fs::path folder = registry.home().service_folder(name);
  if (!is_active(service.status) && liveness_of(folder) != Liveness::alive) {
    refuse(service, "only a service that runs can be stopped");
  }
  const ServiceSettings settings = service_settings_from_json(service.settings, name);
  if (!force) {
    ask_to_stop(folder, "stopped by the user");
    const double seconds = settings.drain_s + kGraceSeconds;
    const double begin_s = monotonic_seconds();
    if (!wait_for_end(registry, service.id, seconds) ||
        !wait_for_process(folder, begin_s + seconds)) {
      throw Error(ErrorKind::conflict,
                  fmt::format("{} has been told to stop, and has not ended yet", name),
                  fmt::format("it ends when what it does is done; to kill it: mat service stop "
                              "--force {}",
                              name));
    }
    return registry.service(service.id);
  }
  kill(registry, service, folder);
  ServiceRecord after = registry.service(service.id);
  if (is_active(after.status)) refuse(after, "it could not be killed");
  return after;
}

ServiceUpdate update_service(Registry& registry, const std::string& name, const std::string& source,
                             const std::function<bool()>& is_interrupted) {
  const fs::path folder = registry.home().service_folder(registry.service(name).name);
  const FileDescriptor alone = lock_file(update_lock_path(folder), {{}, is_interrupted});
  const ServiceRecord service = registry.service(name);
  const ModelSource found = find_model_source(registry, source);
  std::string note = change_of_answers(registry, service, found);
  if (!is_active(service.status)) {
    const bool is_set =
        registry.set_service_source(service.id, kEnded, found.source, found.model_version);
    ServiceRecord now = registry.service(service.id);
    if (!is_set) refuse(now, "somebody else has just started it: try again");
    return {std::move(now), std::move(note)};
  }
  if (service.status != Status::running) refuse(service, "try again when it is Running");
  const UpdateRequest request{make_token(), found.source};
  request_update(folder, request);
  double looked_s = monotonic_seconds();
  for (;;) {
    if (const auto answer = read_update_answer(folder); answer && answer->id == request.id) {
      if (answer->code == 0) return {registry.service(service.id), std::move(note)};
      throw Error(
          kind_of_exit(answer->code),
          fmt::format("{} serves {} as before: {}", name, service.reference(), answer->message),
          answer->hint);
    }
    if (is_interrupted() && withdraw_update(folder, request.id)) {
      throw Error(ErrorKind::interrupted,
                  fmt::format("{} serves {} as before", name, service.reference()));
    }
    if (monotonic_seconds() - looked_s > kSecondsBetweenThoroughLooks) {
      // Looked at before the answer, which comes first.
      const bool is_open = is_update_open(folder, request.id);
      notice_dead_services(registry);
      const ServiceRecord now = registry.service(service.id);
      if (now.status != Status::running) refuse(now, "it ended meanwhile");
      const auto answer = read_update_answer(folder);
      if (!is_open && !(answer && answer->id == request.id)) {
        throw Error(ErrorKind::io, fmt::format("{} took the update and gave no answer", name),
                    fmt::format("mat service show {0} says what it serves; see {1}", name,
                                service_log_path(folder).string()));
      }
      looked_s = monotonic_seconds();
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace mat
