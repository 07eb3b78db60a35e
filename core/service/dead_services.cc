#include "core/service/dead_services.h"

#include <vector>

#include "core/life/process_life.h"

namespace mat {

void notice_dead_services(Registry& registry) {
  std::vector<RecordedProcess> active;
  ListOptions all;
  all.limit = 0;
  for (const ServiceRecord& service : registry.list_services(all).rows) {
    if (!is_active(service.status)) continue;
    active.push_back({service.id, service.status, service.started_ms, !service.facts.empty(),
                      registry.home().service_folder(service.name)});
  }
  notice_dead_processes(
      registry.home(), active,
      [](Registry& writer, const RecordedProcess& service, const Registry::ProcessChange& change) {
        writer.change_service(service.id, {service.status}, change);
      });
}

}  // namespace mat
