#include "core/slurm/jobs.h"

#include <catch2/catch.hpp>

namespace mat {
namespace {

std::string padded(std::string text, std::size_t width) {
  text.resize(width, ' ');
  return text;
}

// As squeue fills up its columns.
std::string squeue_line(const std::string& id, const std::string& state, const std::string& reason,
                        const std::string& nodes, const std::string& name) {
  return padded(id, 20) + padded(state, 20) + padded("2", 10) + padded(reason, 60) +
         padded(nodes, 400) + padded(name, 300) + "\n";
}

}  // namespace

TEST_CASE("squeue's columns are jobs") {
  const auto jobs = parse_squeue(squeue_line("12", "PENDING", "Resources", "", "mat-a-V0001-x") +
                                 squeue_line("13", "RUNNING", "None", "n[1-2]", "mat-b-V0001-y"));
  REQUIRE(jobs.size() == 2);
  CHECK(jobs.at(12).state == "PENDING");
  CHECK(jobs.at(12).reason == "Resources");
  CHECK(jobs.at(12).restarts == 2);
  CHECK(jobs.at(12).name == "mat-a-V0001-x");
  CHECK(jobs.at(13).nodes == "n[1-2]");
}

TEST_CASE("lines that are no jobs are left out") {
  CHECK(parse_squeue("").empty());
  CHECK(parse_squeue("slurm_load_jobs error: Invalid user\n\n12\n-3   RUNNING\n").empty());
  CHECK(parse_squeue(squeue_line("99999999999999999999", "RUNNING", "", "", "")).empty());
  CHECK(parse_sacct("\n|\n12|\nx|RUNNING|n1|a\n").empty());
}

TEST_CASE("sacct's lines are jobs that have ended") {
  const auto jobs = parse_sacct("12|CANCELLED by 1000|n1|a\n13|COMPLETED|None assigned|b\n");
  CHECK(jobs.at(12).state == "CANCELLED");
  CHECK(jobs.at(13).state == "COMPLETED");
  CHECK(jobs.at(13).name == "b");
}

TEST_CASE("a job's number is what sbatch prints, with or without its cluster") {
  CHECK(parse_job_number("12\n") == 12);
  CHECK(parse_job_number("12;north\n") == 12);
  CHECK(parse_job_number("Submitted batch job 12") == 0);
  CHECK(parse_job_number("") == 0);
  CHECK(parse_job_number("-1") == 0);
}

TEST_CASE("states are phases, and an unknown one is no end") {
  CHECK(phase_of("PENDING") == SlurmPhase::waiting);
  CHECK(phase_of("REQUEUE_HOLD") == SlurmPhase::waiting);
  CHECK(phase_of("RUNNING") == SlurmPhase::running);
  CHECK(phase_of("COMPLETING") == SlurmPhase::ending);
  CHECK(phase_of("NODE_FAIL") == SlurmPhase::ended);
  CHECK(phase_of("A_NEW_STATE") == SlurmPhase::running);
}

TEST_CASE("jobs wait for what a person understands, with Slurm's word for it") {
  SlurmJob job;
  job.state = "PENDING";
  job.reason = "Resources";
  CHECK(waiting_text(job) == "nodes that are free (Resources)");
  job.reason = "ReqNodeNotAvail, UnavailableNodes:n1";
  CHECK(waiting_text(job) == "nodes that are down or reserved (ReqNodeNotAvail)");
  job.reason = "Nodes required for job are DOWN, DRAINED or reserved for jobs";
  CHECK(waiting_text(job).starts_with("nodes that are neither down, drained nor reserved"));
  job.reason = "AssocGrpCpuLimit";
  CHECK(waiting_text(job) == "Slurm (AssocGrpCpuLimit)");
  job.reason = "None";
  CHECK(waiting_text(job) == "Slurm to look at it");
}

TEST_CASE("how jobs end without a word of their own") {
  CHECK(end_of("CANCELLED") == SlurmEnd::terminated);
  CHECK(end_of("TIMEOUT") == SlurmEnd::terminated);
  CHECK(end_of("OUT_OF_MEMORY") == SlurmEnd::failed);
  CHECK(end_of("NODE_FAIL") == SlurmEnd::abnormal);
  CHECK(end_of("") == SlurmEnd::abnormal);
  SlurmJob job;
  job.id = 7;
  CHECK(end_text(job) == "Slurm does not know its job 7 any more");
  job.state = "NODE_FAIL";
  job.nodes = "n2";
  CHECK(end_text(job) == "a node failed (n2)");
  job.nodes = "n[1-2]";
  CHECK(end_text(job) == "one of its nodes failed (n[1-2])");
  for (const char* state : {"PREEMPTED", "NODE_FAIL", "BOOT_FAIL"}) CHECK(was_taken_away(state));
  for (const char* state : {"CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "FAILED", ""}) {
    CHECK_FALSE(was_taken_away(state));
  }
}

TEST_CASE("a job stays what it is in a file") {
  const SlurmJob job{12, "PENDING", "Priority", "n1", "mat-a", 3};
  CHECK(slurm_job_from_json(to_json(job)) == job);
}

}  // namespace mat
