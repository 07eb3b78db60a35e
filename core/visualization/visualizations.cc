#include "core/visualization/visualizations.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/life/process_life.h"
#include "core/life/stop_request.h"
#include "core/life/version_lock.h"
#include "core/run/background.h"
#include "core/run/run_environment.h"
#include "core/visualization/dead_visualizations.h"
#include "core/visualization/tensorboard.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Of TensorBoard's, and of what it has started, which the guard then kills.
constexpr double kEndSeconds = 30;
constexpr int kMostNames = 1000;

[[noreturn]] void refuse(const VisualizationRecord& visualization, const char* hint) {
  throw Error(ErrorKind::conflict,
              fmt::format("{} is {}", visualization.name, name_of(visualization.status)), hint);
}

std::vector<std::string> settled_references(Registry& registry,
                                            const std::vector<std::string>& references) {
  std::vector<std::string> settled;
  for (const std::string& reference : references) {
    std::string found = registry.version(reference).reference();
    if (std::find(settled.begin(), settled.end(), found) == settled.end()) {
      settled.push_back(std::move(found));
    }
  }
  if (settled.size() > kMostShownVersions) {
    throw Error(ErrorKind::usage, fmt::format("{} versions are too many", settled.size()),
                fmt::format("up to {} can be shown together", kMostShownVersions));
  }
  return settled;
}

std::string free_name(Registry& registry, const std::string& reference) {
  const std::string job = reference.substr(0, reference.find('@'));
  std::string name = job;
  for (int number = 2; number < kMostNames && registry.find_visualization(name); ++number) {
    name = fmt::format("{}-{}", job, number);
  }
  return name;
}

}  // namespace

VisualizationRecord record_visualization(Registry& registry, const NewVisualization& wanted) {
  if (wanted.versions.empty()) throw Error(ErrorKind::usage, "there is no version to show");
  VisualizationRecord record;
  record.versions = settled_references(registry, wanted.versions);
  record.settings = to_json(wanted.settings);
  record.name = wanted.name;
  if (!record.name.empty()) return registry.create_visualization(record);
  for (;;) {
    record.name = free_name(registry, record.versions.front());
    try {
      return registry.create_visualization(record);
    } catch (const Error& e) {
      // Somebody else may have taken the name just now.
      if (e.kind() != ErrorKind::conflict || !registry.find_visualization(record.name) ||
          free_name(registry, record.versions.front()) == record.name) {
        throw;
      }
    }
  }
}

VisualizationRecord restart_visualization(Registry& registry, const std::string& name, int port) {
  const VisualizationRecord before = registry.visualization(name);
  if (is_active(before.status)) refuse(before, "it answers at the address that viz show prints");
  const fs::path folder = registry.home().visualization_folder(name);
  if (liveness_of(folder) == Liveness::alive) {
    throw Error(ErrorKind::conflict, fmt::format("{} is still ending", name), "try again");
  }
  VisualizationSettings settings = visualization_settings_from_json(before.settings, name);
  settings.program = find_tensorboard();
  if (port > 0) settings.port = port;
  withdraw_stop(folder);
  Registry::ProcessChange change;
  change.facts = Json::object();
  change.settings = to_json(settings);
  const bool is_mine = registry.change_visualization(
      before.id, {Status::failed, Status::terminated, Status::abnormal}, change);
  if (!is_mine) refuse(registry.visualization(name), "somebody else has just started it");
  return registry.visualization(name);
}

VisualizationRecord start_visualization(Registry& registry,
                                        const VisualizationRecord& visualization) {
  const Id id = visualization.id;
  const int code = run_hidden(registry.home(), {kRunVisualizationCommand, std::to_string(id)},
                              environment_with({}));
  notice_dead_visualizations(registry);
  VisualizationRecord record = registry.visualization(id);
  if (code == 0) return record;
  if (is_active(record.status)) {
    Registry::ProcessChange change;
    change.status = Status::failed;
    change.reason = fmt::format("its process ended before it began, with {}", code);
    registry.change_visualization(id, {Status::pending}, change);
    record = registry.visualization(id);
  }
  const auto hint = record.facts.find("hint");
  const bool has_hint = hint != record.facts.end() && hint->is_string() && !hint->empty();
  throw Error(kind_of_exit(code), fmt::format("{}: {}", record.name, record.reason),
              has_hint ? hint->get<std::string>() : std::string());
}

VisualizationRecord stop_visualization(Registry& registry, const std::string& name, bool force) {
  const VisualizationRecord visualization = registry.visualization(name);
  const fs::path folder = registry.home().visualization_folder(name);
  if (!is_active(visualization.status) && liveness_of(folder) != Liveness::alive) {
    refuse(visualization, "only one that runs can be stopped");
  }
  if (force) {
    kill_process(folder, name);
  } else {
    ask_to_stop(folder, "stopped by the user");
  }
  const bool has_ended = wait_for_process(folder, monotonic_seconds() + kEndSeconds);
  notice_dead_visualizations(registry);
  VisualizationRecord after = registry.visualization(visualization.id);
  if (has_ended && !is_active(after.status)) return after;
  throw Error(ErrorKind::conflict,
              fmt::format("{} has been told to stop, and has not ended yet", name),
              fmt::format("to kill it: mat viz stop --force {}", name));
}

}  // namespace mat
