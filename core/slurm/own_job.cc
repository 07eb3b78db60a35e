#include "core/slurm/own_job.h"

#include <fmt/core.h>

#include <cstdlib>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/slurm/client.h"
#include "core/slurm/jobs.h"

namespace mat {
namespace {

constexpr double kHostNamesSeconds = 30;
constexpr double kStepSeconds = 60;
constexpr double kTellSeconds = 3;
constexpr double kJobSeconds = 5;
constexpr int kTimesToAsk = 3;
constexpr double kRequeueSeconds = 30;

// Not ok either when there is no such program on the node.
SlurmAnswer ask(const std::vector<std::string>& words, double seconds) {
  SlurmPool pool;
  pool.conf = slurm_variable("SLURM_CONF");
  try {
    return SlurmClient(pool).ask(words, seconds);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::string slurm_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

int slurm_number(const char* name) {
  const auto number = parse_integer(slurm_variable(name));
  return number && *number >= 0 && *number <= 1 << 30 ? static_cast<int>(*number) : 0;
}

std::vector<std::string> hosts_of_own_job() {
  const std::string list = slurm_variable("SLURM_JOB_NODELIST");
  const SlurmAnswer answer = ask({"scontrol", "show", "hostnames", list}, kHostNamesSeconds);
  std::vector<std::string> hosts;
  for (const std::string& line : split(answer.output, '\n')) {
    if (!line.empty()) hosts.push_back(line);
  }
  return hosts.empty() ? std::vector<std::string>{list} : hosts;
}

bool can_start_on_nodes(int nodes) {
  return ask({"srun", "--quiet", "--jobid=" + slurm_variable("SLURM_JOB_ID"),
              fmt::format("--nodes={}", nodes), fmt::format("--ntasks={}", nodes),
              "--ntasks-per-node=1", "--chdir=/", "true"},
             kStepSeconds)
      .ok;
}

void tell_own_tasks() {
  ask({"scancel", kTellTasks, slurm_variable("SLURM_JOB_ID")}, kTellSeconds);
}

void end_own_tasks() {
  ask({"scancel", "--signal=TERM", slurm_variable("SLURM_JOB_ID")}, kTellSeconds);
}

bool is_own_job_preempted() {
  SlurmAnswer answer;
  for (int i = 0; i < kTimesToAsk && !answer.ok; ++i) {
    answer =
        ask({"scontrol", "--oneliner", "show", "job", slurm_variable("SLURM_JOB_ID")}, kJobSeconds);
  }
  const std::string key = " PreemptTime=";
  const std::size_t at = answer.output.find(key);
  if (at == std::string::npos) return false;
  const std::string time = answer.output.substr(at + key.size(), 4);
  return time != "None" && time != "Unkn" && time != "N/A ";
}

bool requeue_own_job() {
  return ask({"scontrol", "requeue", slurm_variable("SLURM_JOB_ID")}, kRequeueSeconds).ok;
}

}  // namespace mat
