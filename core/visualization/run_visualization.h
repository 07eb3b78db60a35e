#pragma once

#include <functional>
#include <string>

#include "core/registry/registry.h"

namespace mat {

struct VisualizationRun {
  Id visualization = 0;
  // Why it is to end ("ended by SIGTERM"); empty while it is not. Asked again and again.
  std::function<std::string()> stop_reason;
  // Called once it answers.
  std::function<void()> ready;
};

// Runs TensorBoard for a Pending visualization until something ends it: a stop request in its
// folder, its auto_stop, stop_reason(), or TensorBoard itself. All that TensorBoard has started
// ends with it, and with this process, however that ends (see core/command/guard.h). The caller
// holds the lock of the visualization's folder and has no other thread. Records Running, and the
// end: Terminated, Abnormal when TensorBoard was killed, or Failed with what is thrown. Returns why
// it ended.
std::string run_visualization(const Home& home, const VisualizationRun& run);

}  // namespace mat
