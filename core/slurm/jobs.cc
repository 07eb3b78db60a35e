#include "core/slurm/jobs.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.h"

namespace mat {
namespace {

constexpr std::size_t kMostJobs = 1'000'000;

// squeue's columns and how wide they are; squeue fills them up with spaces.
constexpr std::array<std::pair<const char*, std::size_t>, 6> kColumns{{{"JobID", 20},
                                                                       {"State", 20},
                                                                       {"RestartCnt", 10},
                                                                       {"Reason", 60},
                                                                       {"NodeList", 400},
                                                                       {"Name", 300}}};

std::int64_t number_of(std::string_view text) {
  const auto number = parse_integer(trim(text));
  return number && *number > 0 ? *number : 0;
}

// "CANCELLED by 1000", "CANCELLED+".
std::string state_of(std::string_view text) {
  text = trim(text);
  const std::size_t end = text.find_first_of(" +");
  return std::string(text.substr(0, end));
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

}  // namespace

Json to_json(const SlurmJob& job) {
  return {{"id", job.id},       {"state", job.state}, {"reason", job.reason},
          {"nodes", job.nodes}, {"name", job.name},   {"restarts", job.restarts}};
}

SlurmJob slurm_job_from_json(const Json& json) {
  SlurmJob job;
  job.id = json.at("id").get<std::int64_t>();
  job.state = json.at("state").get<std::string>();
  job.reason = json.at("reason").get<std::string>();
  job.nodes = json.at("nodes").get<std::string>();
  job.name = json.at("name").get<std::string>();
  job.restarts = json.at("restarts").get<int>();
  return job;
}

SlurmPhase phase_of(std::string_view state) {
  if (is_one_of(state, {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED",
                        "SPECIAL_EXIT", "RESV_DEL_HOLD"})) {
    return SlurmPhase::waiting;
  }
  if (is_one_of(state, {"COMPLETING", "STAGE_OUT"})) return SlurmPhase::ending;
  if (is_one_of(state,
                {"COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "PREEMPTED", "NODE_FAIL",
                 "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY", "LAUNCH_FAILED", "RECONFIG_FAIL"})) {
    return SlurmPhase::ended;
  }
  return SlurmPhase::running;
}

std::vector<std::string> squeue_words(std::uint32_t user) {
  std::string format;
  for (const auto& [name, width] : kColumns) {
    format += fmt::format("{}{}:{}", format.empty() ? "" : ",", name, width);
  }
  return {"squeue",
          "--noheader",
          "--all",
          "--states=all",
          fmt::format("--user={}", user),
          "--Format=" + format};
}

std::map<std::int64_t, SlurmJob> parse_squeue(std::string_view text) {
  std::map<std::int64_t, SlurmJob> jobs;
  for (const std::string& line : split(text, '\n')) {
    std::array<std::string, kColumns.size()> fields;
    std::size_t at = 0;
    for (std::size_t i = 0; i < kColumns.size() && at < line.size(); at += kColumns[i++].second) {
      fields[i] = trim(std::string_view(line).substr(at, kColumns[i].second));
    }
    SlurmJob job{number_of(fields[0]),
                 fields[1],
                 fields[3],
                 fields[4],
                 fields[5],
                 static_cast<int>(std::min<std::int64_t>(number_of(fields[2]), 1 << 30))};
    if (job.id > 0 && !job.state.empty() && jobs.size() < kMostJobs) jobs[job.id] = std::move(job);
  }
  return jobs;
}

std::vector<std::string> sacct_words(const std::vector<std::int64_t>& jobs, bool from_completions) {
  std::string list;
  for (const std::int64_t job : jobs) list += fmt::format("{}{}", list.empty() ? "" : ",", job);
  std::vector<std::string> words{"sacct", "--noheader", "--parsable2", "--jobs=" + list};
  if (from_completions) {
    words.emplace_back("--completion");
    words.emplace_back("--format=JobID,State,NodeList,JobName");
  } else {
    words.emplace_back("--allocations");
    words.emplace_back("--format=JobIDRaw,State,NodeList,JobName");
  }
  return words;
}

std::map<std::int64_t, SlurmJob> parse_sacct(std::string_view text) {
  std::map<std::int64_t, SlurmJob> jobs;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> fields = split(line, '|');
    if (fields.size() < 4 || jobs.size() >= kMostJobs) continue;
    SlurmJob job{number_of(fields[0]), state_of(fields[1]), {}, fields[2], fields[3], 0};
    if (job.id > 0 && !job.state.empty()) jobs[job.id] = std::move(job);
  }
  return jobs;
}

std::int64_t parse_job_number(std::string_view text) {
  text = trim(text);
  return number_of(text.substr(0, text.find(';')));
}

std::string waiting_text(const SlurmJob& job) {
  static const std::map<std::string, std::string, std::less<>> kTexts{
      {"Resources", "nodes that are free"},
      {"Priority", "its turn in Slurm's queue"},
      {"BeginTime", "the time at which it may begin"},
      {"Dependency", "another job"},
      {"JobHeldUser", "being released: it is held"},
      {"JobHeldAdmin", "being released by the cluster's administrator"},
      {"PartitionDown", "its partition, which is down"},
      {"PartitionInactive", "its partition, which is inactive"},
      {"PartitionNodeLimit", "more nodes than its partition allows"},
      {"PartitionConfig", "nodes that its partition does not have"},
      {"PartitionTimeLimit", "more time than its partition allows"},
      {"ReqNodeNotAvail", "nodes that are down or reserved"},
      {"Nodes required for job are DOWN", "nodes that are neither down, drained nor reserved"},
      {"Licenses", "licenses"},
      {"Reservation", "its reservation"},
      {"InvalidAccount", "an account that Slurm accepts"},
      {"InvalidQOS", "a QOS that Slurm accepts"}};
  const std::string code = std::string(trim(job.reason.substr(0, job.reason.find_first_of(",("))));
  if (job.state == "CONFIGURING") return fmt::format("nodes that are starting ({})", job.nodes);
  if (code.empty() || code == "None") return "Slurm to look at it";
  const auto found = kTexts.find(code);
  if (found != kTexts.end()) return fmt::format("{} ({})", found->second, code);
  return fmt::format("Slurm ({})", code);
}

SlurmEnd end_of(std::string_view state) {
  if (is_one_of(state, {"CANCELLED", "TIMEOUT", "DEADLINE", "PREEMPTED"})) {
    return SlurmEnd::terminated;
  }
  return state == "OUT_OF_MEMORY" ? SlurmEnd::failed : SlurmEnd::abnormal;
}

bool was_taken_away(std::string_view state) {
  return is_one_of(state, {"PREEMPTED", "NODE_FAIL", "BOOT_FAIL"});
}

std::string end_text(const SlurmJob& job) {
  const std::string of_nodes = job.nodes.empty() ? "" : fmt::format(" ({})", job.nodes);
  if (job.state.empty()) return fmt::format("Slurm does not know its job {} any more", job.id);
  if (job.state == "CANCELLED") return "cancelled in Slurm";
  if (job.state == "TIMEOUT") return "the time limit of its Slurm job";
  if (job.state == "DEADLINE") return "the deadline of its Slurm job";
  if (job.state == "PREEMPTED") return "preempted in Slurm";
  const bool are_several = job.nodes.find_first_of(",[") != std::string::npos;
  if (job.state == "NODE_FAIL") {
    return (are_several ? "one of its nodes failed" : "a node failed") + of_nodes;
  }
  if (job.state == "BOOT_FAIL") return "a node did not start" + of_nodes;
  if (job.state == "OUT_OF_MEMORY") return "out of memory";
  return fmt::format("its Slurm job {} ended without a word ({})", job.id, job.state);
}

}  // namespace mat
