#pragma once

#include <string>
#include <vector>

#include "core/registry/registry.h"
#include "core/visualization/visualization_settings.h"

namespace mat {

// Argument of the hidden command that runs a visualization, after "mat --home HOME": its number in
// the registry.
constexpr const char* kRunVisualizationCommand = "run-visualization";

// More versions than this in one are refused: TensorBoard reads all of them again and again.
constexpr std::size_t kMostShownVersions = 500;

struct NewVisualization {
  std::string name;                   // empty: that of the first version's job, or NAME-2, …
  std::vector<std::string> versions;  // references as a user writes them
  VisualizationSettings settings;
};

// Records one, Pending, with its folder.
VisualizationRecord record_visualization(Registry& registry, const NewVisualization& wanted);

// Makes one that has ended Pending again, with the program that is there now. `port` above 0 is a
// new one.
VisualizationRecord restart_visualization(Registry& registry, const std::string& name, int port);

// Starts a Pending one in a process of its own and returns when it answers. Throws why it does not.
VisualizationRecord start_visualization(Registry& registry,
                                        const VisualizationRecord& visualization);

// Ends it and waits until its processes have ended; conflict when it does not run. With `force`
// they are killed.
VisualizationRecord stop_visualization(Registry& registry, const std::string& name, bool force);

}  // namespace mat
