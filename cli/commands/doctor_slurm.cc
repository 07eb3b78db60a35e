#include "cli/commands/doctor_slurm.h"

#include <fmt/core.h>

#include <cmath>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/pool/pools.h"
#include "core/run/node_check.h"
#include "core/slurm/client.h"

namespace mat {
namespace {

constexpr double kPingSeconds = 12;
constexpr double kNodeSeconds = 60;
// Times of a version come from several machines.
constexpr double kLargeDifference = 2;

void look_at_clients(const Pool& pool, std::vector<DoctorFinding>& findings) {
  const std::string what = fmt::format("Slurm ({})", pool.name);
  const SlurmClient client(*pool.slurm);
  findings.push_back({what, Verdict::ok, "clients of version " + client.version(), {}});
  const SlurmAnswer answer = client.ask({"scontrol", "ping"}, kPingSeconds);
  const bool is_up = answer.ok && answer.output.find(" is UP") != std::string::npos;
  const std::string_view said = trim(answer.output.empty() ? answer.problem : answer.output);
  findings.push_back(
      {what, is_up ? Verdict::ok : Verdict::problem, printable(split(said, '\n').front()),
       is_up ? "" : "ask who runs the cluster; versions on it are shown as they last were"});
}

void look_at_node(const Home& home, const Pool& pool, std::vector<DoctorFinding>& findings) {
  const std::string what = fmt::format("a node ({})", pool.name);
  const NodeCheck check = check_node(home, pool, kNodeSeconds);
  const std::string host = printable(check.host);
  findings.push_back({what, check.sees_same_file ? Verdict::ok : Verdict::problem,
                      check.sees_same_file ? fmt::format("{} sees the home as it is here", host)
                                           : fmt::format("{} does not see this home", host),
                      check.sees_same_file
                          ? ""
                          : fmt::format("the home must be on a file system that all nodes share, "
                                        "under the same path: {}",
                                        home.root.string())});
  if (!check.sees_same_file) return;
  findings.push_back(
      {what, check.sees_locks ? Verdict::ok : Verdict::warning,
       check.sees_locks ? fmt::format("{} sees locks that are held here", host)
                        : fmt::format("{} sees no lock that is held here", host),
       check.sees_locks ? "" : "use the home's commands from one machine at a time"});
  const bool is_off = std::abs(check.clock_difference_s) > kLargeDifference;
  findings.push_back({what, is_off ? Verdict::warning : Verdict::ok,
                      is_off ? fmt::format("the clock of {} is {:+.1f} s from this one", host,
                                           check.clock_difference_s)
                             : fmt::format("the clock of {} agrees with this one", host),
                      is_off ? "set the clocks by a time server" : ""});
}

}  // namespace

void look_at_slurm_pools(const Home& home, bool with_nodes, std::vector<DoctorFinding>& findings) {
  std::error_code error;
  if (!std::filesystem::exists(home.database(), error)) return;
  std::vector<Pool> pools;
  try {
    Registry registry(home, Registry::Mode::read);
    pools = all_pools(registry);
  } catch (const Error&) {
    // What is wrong with the registry is told already.
  }
  for (const Pool& pool : pools) {
    if (!pool.slurm) continue;
    try {
      look_at_clients(pool, findings);
      if (with_nodes) look_at_node(home, pool, findings);
    } catch (const Error& e) {
      findings.push_back({fmt::format("Slurm ({})", pool.name), Verdict::problem,
                          printable(e.message()), printable(e.hint())});
    }
  }
}

}  // namespace mat
