#include "cli/commands/service_view.h"

#include <fmt/core.h>

#include "cli/commands/views.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/http/listen.h"
#include "core/service/dead_services.h"
#include "core/service/service_folder.h"
#include "core/service/service_settings.h"

namespace mat {
namespace {

Json time_json(const std::optional<std::int64_t>& ms) {
  return ms ? Json(utc_text(*ms)) : Json(nullptr);
}

std::string text_of(const Json& facts, const char* key) {
  const auto found = facts.find(key);
  return found == facts.end() ? std::string() : value_text(*found);
}

std::string address_text(const ServiceRecord& service, const ServiceSettings& settings) {
  if (service.address.empty() || !is_any_address(settings.host)) return service.address;
  return service.address + ", and this machine's other addresses";
}

std::string model_text(const Json& facts) {
  const auto model = facts.find("model");
  if (model == facts.end() || !model->is_object()) return {};
  std::vector<std::string> parts;
  // Networks for tables have no layout.
  for (const char* part : {"device", "precision", "layout"}) {
    if (std::string text = text_of(*model, part); !text.empty()) parts.push_back(std::move(text));
  }
  const std::string threads = text_of(*model, "threads");
  parts.push_back(fmt::format("{} {}", threads, threads == "1" ? "thread" : "threads"));
  return join(parts, ", ");
}

std::string restart_text(const ServiceRecord& service, const ServiceSettings& settings) {
  if (!settings.restart) return {};
  const auto restarts = service.facts.value("restarts", 0);
  return restarts == 0 ? "when its process dies"
                       : fmt::format("when its process dies: {} so far", counted(restarts, "time"));
}

}  // namespace

Registry open_services_to_read(const Context& context) {
  Registry registry = context.open_to_read();
  notice_dead_services(registry);
  return registry;
}

Registry open_services_to_write(const Context& context) {
  Registry registry = context.open_to_write();
  notice_dead_services(registry);
  return registry;
}

Registry open_services_to_change(const Context& context) {
  Registry registry = context.open_to_change();
  notice_dead_services(registry);
  return registry;
}

Json service_json(const ServiceRecord& service, const Home& home) {
  const std::filesystem::path folder = home.service_folder(service.name);
  std::error_code ignored;
  return {{"name", service.name},
          {"source", service.reference()},
          {"status", name_of(service.status)},
          {"reason", service.reason},
          {"address", service.address.empty() ? Json(nullptr) : Json(service.address)},
          {"has_token", std::filesystem::exists(service_token_path(folder), ignored)},
          {"created", utc_text(service.created_ms)},
          {"started", time_json(service.started_ms)},
          {"ended", time_json(service.ended_ms)},
          {"settings", service.settings},
          {"facts", service.facts},
          {"log", service_log_path(folder).string()}};
}

Table service_table(const std::vector<ServiceRecord>& services) {
  Table table({{"NAME"},
               {"STATUS"},
               {"SERVES", Align::left, false, 1},
               {"ADDRESS"},
               {"STARTED", Align::left, false, 2},
               {"REASON", Align::left, true, 3}});
  for (const ServiceRecord& service : services) {
    table.add({service.name,
               {name_of(service.status), style_of(service.status)},
               service.reference(),
               service.address.empty() ? "-" : service.address,
               service.started_ms ? short_local_text(*service.started_ms) : "-",
               service.reason});
  }
  return table;
}

void print_service(const ServiceRecord& service, const Home& home) {
  const std::filesystem::path folder = home.service_folder(service.name);
  const ServiceSettings settings = service_settings_from_json(service.settings, service.name);
  std::error_code ignored;
  const auto token = service_token_path(folder);
  print_fields(
      {{"service", service.name},
       {"status", {name_of(service.status), style_of(service.status)}},
       {"reason", service.reason},
       {"serves", service.reference()},
       {"address", address_text(service, settings)},
       {"token", std::filesystem::exists(token, ignored) ? token.string() : std::string()},
       {"process", text_of(service.facts, "pid")},
       {"computes with", model_text(service.facts)},
       {"auto stop", settings.auto_stop_s ? format_duration(*settings.auto_stop_s) : std::string()},
       {"restart", restart_text(service, settings)},
       {"started", service.started_ms ? local_text(*service.started_ms) : std::string()},
       {"ended", service.ended_ms ? local_text(*service.ended_ms) : std::string()},
       {"log", service_log_path(folder).string()}});
}

}  // namespace mat
