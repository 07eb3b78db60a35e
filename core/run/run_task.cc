#include "core/run/run_task.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/run/attempts.h"
#include "core/run/run_description.h"
#include "core/run/run_node.h"
#include "core/slurm/own_job.h"

namespace mat {

int run_task(const Home& home, const std::string& job, std::int64_t number, int port,
             const std::string& hosts, const std::function<std::string()>& stop_reason) {
  NodeGroup group;
  group.node = slurm_number("SLURM_PROCID");
  group.nodes = std::max(1, slurm_number("SLURM_NTASKS"));
  group.address = slurm_variable("SLURM_LAUNCH_NODE_IPADDR");
  group.port = port;
  group.hosts = split(hosts, ',');
  RunResult result;
  try {
    result = run_node(home, job, number, group, stop_reason);
  } catch (const Error& e) {
    // Otherwise only Slurm's output would say why.
    NodeResult failed;
    failed.run = {Status::failed, e.message(), e.kind(), e.hint()};
    failed.ended_ms = now_ms();
    write_node_result(home.version_folder(job, number), group.node, failed);
    throw;
  }
  const bool is_good = result.status == Status::completed || result.status == Status::terminated;
  return is_good ? 0 : exit_code_of(result);
}

}  // namespace mat
