#include "core/service/dead_services.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/run/stop_request.h"
#include "core/run/version_lock.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// How long one may be recorded without a lock file: the time between its row and its lock.
constexpr std::int64_t kStartGraceMs = 60'000;

std::optional<std::string> why_dead(const ServiceRecord& service, const fs::path& folder) {
  try {
    switch (liveness_of(folder)) {
      case Liveness::dead:
        // The lock of the start before, when it is being started again.
        if (service.status == Status::pending &&
            std::abs(now_ms() - service.started_ms.value_or(0)) < kStartGraceMs &&
            service.facts.empty()) {
          return std::nullopt;
        }
        return "its process died";
      case Liveness::no_runner:
        if (std::abs(now_ms() - service.started_ms.value_or(0)) > kStartGraceMs) {
          return "it was never started";
        }
        return std::nullopt;
      case Liveness::alive:
      case Liveness::elsewhere:
        return std::nullopt;
    }
  } catch (const Error&) {
    // One unreadable lock must not keep the rest from being read.
  }
  return std::nullopt;
}

}  // namespace

void notice_dead_services(Registry& registry) {
  std::vector<std::pair<ServiceRecord, std::string>> dead;
  ListOptions all;
  all.limit = 0;
  for (const ServiceRecord& service : registry.list_services(all).rows) {
    if (!is_active(service.status)) continue;
    const fs::path folder = registry.home().service_folder(service.name);
    if (auto why = why_dead(service, folder)) dead.emplace_back(service, std::move(*why));
  }
  if (dead.empty()) return;
  try {
    Registry writer(registry.home(), Registry::Mode::write);
    for (const auto& [service, why] : dead) {
      const fs::path folder = registry.home().service_folder(service.name);
      // With its lock in hand: one that has been started again meanwhile is alive.
      const auto held = hold_off_runners(folder);
      if (!held && liveness_of(folder) != Liveness::no_runner) continue;
      const bool was_killed = is_stop_requested(folder);
      Registry::ServiceChange change;
      change.status = was_killed ? Status::terminated : Status::abnormal;
      change.reason = was_killed ? requested_stop(folder).value_or("stopped") : why;
      writer.change_service(service.id, {service.status}, change);
      withdraw_stop(folder);
    }
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::io) throw;
  }
}

}  // namespace mat
