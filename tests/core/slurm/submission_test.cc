#include "core/slurm/submission.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("sbatch is told what a version needs, and its words go through no shell") {
  const TempFolder folder;
  const Home home{folder.path(), "a test"};
  SlurmPool pool;
  pool.partition = "gpu";
  pool.program = "/usr/a program/mat";
  SlurmRequest request;
  request.job = "clothes";
  request.number = 3;
  request.nodes = 2;
  request.needs = {4, std::uint64_t{3} << 30, 1};
  request.limit_s = 3600;
  const BatchSubmission submission = new_submission(home, request);
  const auto words = sbatch_words(pool, home, submission);
  for (const char* word :
       {"--parsable", "--nodes=2", "--ntasks-per-node=1", "--cpus-per-task=4", "--mem=3072M",
        "--gres=gpu:1", "--time=70", "--no-requeue", "--partition=gpu", "--signal=B:URG@60"}) {
    INFO(word);
    CHECK(has(words, word));
  }
  CHECK(words[words.size() - 7] == "/usr/a program/mat");
  CHECK(words.back() == submission.token);
  request.restarts = 1;
  request.limit_s.reset();
  request.needs = {1, 0, 0};
  for (const std::string& word : sbatch_words(pool, home, new_submission(home, request))) {
    CHECK_FALSE(word.starts_with("--time"));
    CHECK_FALSE(word.starts_with("--mem"));
    CHECK_FALSE(word.starts_with("--gres"));
    CHECK(word != "--no-requeue");
  }
}

TEST_CASE("submissions of one version have names of their own") {
  SlurmRequest request;
  request.job = "clothes";
  request.number = 3;
  const Home home{"/home", "a test"};
  const BatchSubmission one = new_submission(home, request);
  const BatchSubmission other = new_submission(home, request);
  CHECK(one.job_name.starts_with("mat-clothes-V0003-"));
  CHECK(one.job_name != other.job_name);
}

TEST_CASE("a new submission removes what an earlier one has left") {
  const TempFolder folder;
  CHECK_FALSE(read_submission(folder.path()));
  SlurmRequest request;
  request.job = "a";
  request.restarts = 2;
  request.limit_s = 60;
  const Home home{folder.path(), "a test"};
  write_submission(folder.path(), new_submission(home, request));
  write_file_atomic(batch_folder(folder.path()) / "report.jsonl", "{}\n");
  const BatchSubmission second = new_submission(home, request);
  write_submission(folder.path(), second);
  const auto found = read_submission(folder.path());
  REQUIRE(found);
  CHECK(found->token == second.token);
  CHECK(sbatch_words({}, home, *found) == sbatch_words({}, home, second));
  CHECK(read_file(batch_folder(folder.path()) / "report.jsonl").empty());
}

TEST_CASE("a damaged submission is told") {
  const TempFolder folder;
  make_folders(batch_folder(folder.path()));
  write_file_atomic(batch_folder(folder.path()) / "submission.json", "{\"token\": 3}");
  CHECK_THROWS_AS(read_submission(folder.path()), Error);
}

}  // namespace mat
