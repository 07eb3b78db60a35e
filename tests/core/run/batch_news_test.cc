#include "core/run/batch_news.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/base/file.h"
#include "core/base/time.h"
#include "core/life/stop_request.h"
#include "core/slurm/submission.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// A version on Slurm with a restart left, whose job is 12.
struct SubmittedVersion {
  SubmittedVersion() {
    SlurmRequest request;
    request.job = version.job = "clothes";
    request.number = version.number = 3;
    request.restarts = 1;
    submission = new_submission(home, request);
    write_submission(folder(), submission);
    version.status = Status::running;
    version.batch_job = 12;
    version.submission.emplace();
    version.submission->restarts_left = 1;
    look.answered_ms = now_ms();
  }

  fs::path folder() const { return home.version_folder("clothes", 3); }
  void report(BatchEvent event, std::int64_t job, const std::string& reason = {}) {
    BatchLine line;
    line.event = event;
    line.token = submission.token;
    line.job = job;
    line.at_ms = now_ms();
    line.hosts = {"n1"};
    line.reason = reason;
    add_to_report(folder(), line);
  }
  // It has been so for as long as `since_ms`.
  BatchNews news_when(const std::string& state, std::int64_t since_ms = 60'000) {
    look.jobs[version.batch_job] = {version.batch_job, state, {}, "n1", submission.job_name, 0};
    look.ended_ms[version.batch_job] = now_ms() - since_ms;
    return read_batch_news(home, look, version);
  }

  TempFolder temp;
  Home home{temp.path(), "a test"};
  ActiveVersion version;
  BatchSubmission submission;
  SlurmLook look;
};

}  // namespace

TEST_CASE("a version whose job was preempted for good gets another one while it has restarts") {
  SubmittedVersion v;
  v.report(BatchEvent::started, 12);
  CHECK(v.news_when("PREEMPTED", 0).another == AnotherJob::not_yet);
  const BatchNews news = v.news_when("PREEMPTED");
  CHECK(news.another == AnotherJob::now);
  CHECK_FALSE(news.end);
  REQUIRE_FALSE(news.changes.empty());
  CHECK(news.changes.back().status == Status::pending);
  CHECK(news.changes.back().reason == "preempted in Slurm; to be submitted again");
  CHECK(news.without.status == Status::terminated);
  CHECK(news.without.reason == "preempted in Slurm");

  // Its second attempt was its last one.
  v.version.batch_job = 13;
  v.report(BatchEvent::started, 13);
  REQUIRE(v.news_when("PREEMPTED").end);
  CHECK(v.news_when("PREEMPTED").end->status == Status::terminated);
}

TEST_CASE("a version that Slurm has put back waited in between, though nobody looked then") {
  SubmittedVersion v;
  v.report(BatchEvent::started, 12);
  v.version.batch_reported = v.news_when("RUNNING").reported;
  v.report(BatchEvent::interrupted, 12, "ended by a signal from Slurm");
  v.report(BatchEvent::started, 12);
  v.report(BatchEvent::started, 12);
  const BatchNews news = v.news_when("RUNNING");
  REQUIRE(news.changes.size() == 4);
  CHECK(news.changes[0].status == Status::pending);
  CHECK(news.changes[0].reason == "put back by Slurm, which starts it again");
  CHECK(news.changes[1].status == Status::running);
  CHECK(news.changes[2].status == Status::pending);
  CHECK(news.changes[2].reason == "a node failed, or Slurm took it away: it is started again");
  CHECK(news.changes[3].status == Status::running);
  // A look in between has told it.
  v.version.status = Status::pending;
  CHECK(v.news_when("RUNNING").changes.front().status == Status::running);
}

TEST_CASE("a version whose jobs never begin is not submitted again for ever") {
  SubmittedVersion v;
  v.version.status = Status::pending;
  CHECK(v.news_when("BOOT_FAIL").another == AnotherJob::now);
  v.version.submission->restarts_left = 0;
  const BatchNews news = v.news_when("BOOT_FAIL");
  CHECK(news.another == AnotherJob::no);
  REQUIRE(news.end);
  CHECK(news.end->status == Status::abnormal);
}

TEST_CASE("neither a version that was asked to end nor one of a copied home gets another job") {
  SubmittedVersion v;
  const fs::path copy = v.temp.path() / "copy";
  fs::create_directories(copy);
  fs::copy(v.home.root / "jobs", copy / "jobs", fs::copy_options::recursive);
  v.news_when("PREEMPTED");
  CHECK(read_batch_news(Home{copy, "a test"}, v.look, v.version).another == AnotherJob::no);
  request_stop(v.folder(), "stopped by the user");
  const BatchNews news = v.news_when("PREEMPTED");
  CHECK(news.another == AnotherJob::no);
  REQUIRE(news.end);
  CHECK(news.end->reason == "stopped by the user");
}

TEST_CASE("a submission that Slurm has not taken ends as it was asked to, or as cut off") {
  SubmittedVersion v;
  v.version.status = Status::pending;
  v.version.batch_job = 0;
  v.look.answered_ms = v.submission.at_ms + 1000;
  CHECK_FALSE(read_batch_news(v.home, v.look, v.version).end);
  v.look.answered_ms = v.submission.at_ms + 60'000;
  v.submission.unclear_ms = v.submission.at_ms + 50'000;
  keep_submission(v.folder(), v.submission);
  CHECK_FALSE(read_batch_news(v.home, v.look, v.version).end);
  v.look.answered_ms = v.submission.at_ms + 90'000;
  BatchNews news = read_batch_news(v.home, v.look, v.version);
  REQUIRE(news.end);
  CHECK(news.end->status == Status::abnormal);
  CHECK(news.end->reason == "its submission to Slurm was cut off");
  request_stop(v.folder(), "stopped by the user");
  news = read_batch_news(v.home, v.look, v.version);
  REQUIRE(news.end);
  CHECK(news.end->status == Status::terminated);
  CHECK(news.end->reason == "stopped by the user");
}

TEST_CASE("what an earlier job of a version has said does not count for the next one") {
  SubmittedVersion v;
  v.report(BatchEvent::started, 12);
  v.report(BatchEvent::interrupted, 12, "ended by a signal from Slurm");
  v.version.batch_job = 13;
  // Its runner may still have something to say.
  CHECK_FALSE(v.news_when("FAILED", 0).end);
  const BatchNews news = v.news_when("FAILED");
  REQUIRE(news.end);
  CHECK(news.end->status == Status::abnormal);
  CHECK(news.end->reason == "its Slurm job 13 ended without a word (FAILED)");
  REQUIRE(news.end->last);
  CHECK(news.end->last->hosts == std::vector<std::string>{"n1"});
  CHECK_FALSE(news.end->is_said);

  v.version.status = Status::pending;
  v.version.batch_reported = news.reported;
  v.look.jobs[13].state = "RUNNING";
  CHECK(read_batch_news(v.home, v.look, v.version).reason == "starts on n1");
}

TEST_CASE("a job that could not begin at all is told with what Slurm had to say") {
  SubmittedVersion v;
  write_file_atomic(batch_folder(v.folder()) / "output.txt",
                    "slurmstepd: something\nscript: exec: /nonexistent/mat: not found\n");
  const BatchNews news = v.news_when("FAILED");
  REQUIRE(news.end);
  CHECK(news.end->reason ==
        "its Slurm job 12 ended without a word (FAILED): script: exec: /nonexistent/mat: "
        "not found");
}

}  // namespace mat
