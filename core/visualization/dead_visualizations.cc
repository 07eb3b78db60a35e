#include "core/visualization/dead_visualizations.h"

#include <vector>

#include "core/life/process_life.h"

namespace mat {

void notice_dead_visualizations(Registry& registry) {
  std::vector<RecordedProcess> active;
  ListOptions all;
  all.limit = 0;
  for (const VisualizationRecord& each : registry.list_visualizations(all).rows) {
    if (!is_active(each.status)) continue;
    active.push_back({each.id, each.status, each.started_ms, !each.facts.empty(),
                      registry.home().visualization_folder(each.name)});
  }
  notice_dead_processes(
      registry.home(), active,
      [](Registry& writer, const RecordedProcess& process, const Registry::ProcessChange& change) {
        writer.change_visualization(process.id, {process.status}, change);
      });
}

}  // namespace mat
