#include "core/slurm/slurm_look.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <set>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/slurm/client.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr double kAnswerSeconds = 20;
constexpr std::int64_t kFirstIntervalMs = 1000;
constexpr std::int64_t kLongestIntervalMs = 30'000;
constexpr std::int64_t kLongestBackOffMs = 60'000;
constexpr int kMostDoublings = 16;
constexpr std::uint64_t kLongestFile = 256 << 20;
// After that, a job of which neither squeue nor the accounting says anything is not known any more.
constexpr std::int64_t kLongestUnclearMs = 600'000;
// Between a submission and its job's appearance, and what a busy controller needs more.
constexpr std::int64_t kSubmissionGraceMs = 5000;
constexpr std::int64_t kUnclearGraceMs = 30'000;
// So many jobs in one question to sacct: a line of words has an end.
constexpr std::size_t kJobsOfAQuestion = 1000;

fs::path path_of(const Home& home, const std::string& pool, const char* ending) {
  return home.queue() / fmt::format("slurm-{}.{}", pool, ending);
}

Json to_json(const SlurmLook& look) {
  Json jobs = Json::array();
  for (const auto& [id, job] : look.jobs) jobs.push_back(to_json(job));
  Json ended = Json::array();
  for (const auto& [id, at_ms] : look.ended_ms) ended.push_back({id, at_ms});
  return {{"asked_ms", look.asked_ms},
          {"answered_ms", look.answered_ms},
          {"interval_ms", look.interval_ms},
          {"failures", look.failures},
          {"problem", look.problem},
          {"jobs", jobs},
          {"ended_ms", ended}};
}

SlurmLook look_from_json(const Json& json) {
  SlurmLook look;
  look.asked_ms = json.at("asked_ms").get<std::int64_t>();
  look.answered_ms = json.at("answered_ms").get<std::int64_t>();
  look.interval_ms = json.at("interval_ms").get<std::int64_t>();
  look.failures = json.at("failures").get<int>();
  look.problem = json.at("problem").get<std::string>();
  for (const Json& one : json.at("jobs")) {
    SlurmJob job = slurm_job_from_json(one);
    look.jobs[job.id] = std::move(job);
  }
  for (const Json& one : json.at("ended_ms")) {
    look.ended_ms[one.at(0).get<std::int64_t>()] = one.at(1).get<std::int64_t>();
  }
  return look;
}

void write_look(const Home& home, const std::string& pool, const SlurmLook& look) {
  write_file_atomic(path_of(home, pool, "json"), to_json_text(to_json(look)) + "\n");
}

// Nothing while another process has it.
FileDescriptor try_lock(const Home& home, const std::string& pool) {
  make_folders(home.queue());
  const fs::path path = path_of(home, pool, "lock");
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file) throw_io_error(fmt::format("cannot open '{}'", path.string()), errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return FileDescriptor();
  return file;
}

// What has become of jobs that squeue has no more. Clusters have an accounting, or a log of
// completions, or neither; some machines have no sacct, or not the log. Of those that are in
// neither, nobody knows while the accounting does not answer; nor of those that have not ended by
// its word. Gives what is wrong with it.
std::string ask_accounting(const SlurmClient& client, const std::vector<std::int64_t>& gone,
                           std::map<std::int64_t, SlurmJob>& jobs,
                           std::set<std::int64_t>& unclear) {
  std::string problem;
  for (std::size_t begin = 0; begin < gone.size(); begin += kJobsOfAQuestion) {
    const std::size_t end = std::min(gone.size(), begin + kJobsOfAQuestion);
    const std::vector<std::int64_t> some(gone.begin() + static_cast<std::ptrdiff_t>(begin),
                                         gone.begin() + static_cast<std::ptrdiff_t>(end));
    std::map<std::int64_t, SlurmJob> found;
    for (const bool from_completions : {false, true}) {
      const auto answer = client.ask_if_there(sacct_words(some, from_completions), kAnswerSeconds);
      if (!answer) break;
      if (answer->ok) {
        found.merge(parse_sacct(answer->output));
      } else if (!from_completions && answer->problem.find("disabled") == std::string::npos) {
        problem = "sacct: " + answer->problem;
      }
      if (found.size() == some.size()) break;
    }
    for (const std::int64_t id : some) {
      const auto job = found.find(id);
      const bool is_clear =
          job == found.end() ? problem.empty() : phase_of(job->second.state) == SlurmPhase::ended;
      if (is_clear && job != found.end()) {
        jobs[id] = job->second;
      } else {
        jobs[id].id = id;
        if (!is_clear) unclear.insert(id);
      }
    }
  }
  return problem;
}

// Those that a mat has submitted; what else the user has in Slurm changes at any time.
void keep_own(std::map<std::int64_t, SlurmJob>& jobs) {
  std::erase_if(jobs, [](const auto& one) { return !one.second.name.starts_with(kJobNamePrefix); });
}

void take_answer(SlurmLook& look, std::map<std::int64_t, SlurmJob> jobs,
                 const std::set<std::int64_t>& unclear, std::int64_t asked_ms) {
  std::map<std::int64_t, std::int64_t> ended_ms;
  for (const auto& [id, job] : jobs) {
    if (!job.state.empty() && phase_of(job.state) != SlurmPhase::ended) continue;
    const auto before = look.ended_ms.find(id);
    ended_ms[id] = before != look.ended_ms.end() ? before->second : asked_ms;
  }
  for (const std::int64_t id : unclear) {
    if (std::llabs(asked_ms - ended_ms[id]) < kLongestUnclearMs) jobs.erase(id);
  }
  const bool has_changed = jobs != look.jobs;
  look.jobs = std::move(jobs);
  look.ended_ms = std::move(ended_ms);
  look.answered_ms = asked_ms;
  look.failures = 0;
  look.problem.clear();
  look.interval_ms = has_changed || look.interval_ms <= 0
                         ? kFirstIntervalMs
                         : std::min(look.interval_ms * 2, kLongestIntervalMs);
}

void take_failure(SlurmLook& look, const std::string& problem) {
  look.failures = std::min(look.failures + 1, kMostDoublings);
  look.problem = problem;
  look.interval_ms = std::min(kFirstIntervalMs << look.failures, kLongestBackOffMs);
}

}  // namespace

SlurmLook read_look(const Home& home, const std::string& pool) {
  try {
    const auto text = read_file_if_exists(path_of(home, pool, "json"), kLongestFile);
    return text ? look_from_json(parse_json(*text, "what Slurm has said")) : SlurmLook();
  } catch (const std::exception&) {
    return {};
  }
}

std::optional<SlurmJob> job_in(const SlurmLook& look, std::int64_t id, const std::string& name) {
  const auto found = look.jobs.find(id);
  if (found == look.jobs.end()) return std::nullopt;
  if (found->second.name == name || found->second.state.empty()) return found->second;
  SlurmJob unknown;
  unknown.id = id;
  return unknown;
}

std::optional<std::int64_t> job_named(const SlurmLook& look, const std::string& name) {
  std::optional<std::int64_t> newest;
  for (const auto& [id, job] : look.jobs) {
    if (job.name == name) newest = id;
  }
  return newest;
}

std::uint32_t owner_of(const Home& home) {
  struct stat root {};
  return ::stat(home.root.c_str(), &root) == 0 ? root.st_uid : ::getuid();
}

bool is_still_unclear(const BatchSubmission& submission, const SlurmLook& look) {
  return look.answered_ms - submission.at_ms < kSubmissionGraceMs ||
         look.answered_ms - submission.unclear_ms < kUnclearGraceMs;
}

bool is_look_due(const SlurmLook& look, std::int64_t now_ms) {
  // A clock that was set back must not keep anybody from asking.
  return std::llabs(now_ms - look.asked_ms) >= look.interval_ms;
}

void look_at_slurm(const Home& home, const std::string& name, const SlurmPool& pool,
                   const std::vector<std::int64_t>& wanted,
                   const std::function<void(const SlurmLook&)>& then) {
  const FileDescriptor lock = try_lock(home, name);
  if (!lock) return;
  SlurmLook look = read_look(home, name);
  if (!is_look_due(look, now_ms())) return;
  const std::int64_t asked_ms = now_ms();
  bool is_answered = false;
  try {
    const SlurmClient client(pool);
    const SlurmAnswer answer = client.ask(squeue_words(owner_of(home)), kAnswerSeconds);
    if (answer.ok) {
      auto jobs = parse_squeue(answer.output);
      keep_own(jobs);
      std::vector<std::int64_t> gone;
      for (const std::int64_t id : wanted) {
        if (!jobs.contains(id)) gone.push_back(id);
      }
      std::set<std::int64_t> unclear;
      const std::string problem = ask_accounting(client, gone, jobs, unclear);
      take_answer(look, std::move(jobs), unclear, asked_ms);
      look.problem = problem;
      is_answered = true;
    } else {
      take_failure(look, "squeue: " + answer.problem);
    }
  } catch (const Error& e) {
    take_failure(look, e.message());
  }
  look.asked_ms = now_ms();
  write_look(home, name, look);
  if (then && is_answered) then(look);
}

void hurry_look(const Home& home, const std::string& pool, bool has_answered) noexcept {
  try {
    SlurmLook look = read_look(home, pool);
    if (look.failures > 0 && !has_answered) return;
    look.interval_ms = std::min(look.interval_ms, kFirstIntervalMs);
    look.asked_ms = 0;
    make_folders(home.queue());
    write_look(home, pool, look);
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace mat
