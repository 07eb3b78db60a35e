#include <signal.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <regex>
#include <thread>

#include "core/base/file.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace fs = std::filesystem;

namespace {

struct TrainedJob {
  TemporaryFolder folder;
  MatProcess mat{folder};

  TrainedJob() {
    draw_pictures(folder / "data", {"blue", "green", "red"}, 10);
    write_text(folder / "spec.yaml", small_spec("colours", "./data", 1));
    mat.succeed({"job", "create", "-f", "spec.yaml", "--set", "experiment.name=first"});
    mat.succeed({"version", "modify", "colours@V0001", "--set", "lr=0.1"});
  }

  // A training that goes on until it is ended, seen running.
  pid_t start_long_training(const std::string& version) const {
    const pid_t pid = mat.start({"job", "create", "-f", "spec.yaml", "--set", "epochs=100000",
                                 "--set", "schedule=constant"});
    const fs::path log = mat.home() / "jobs" / "colours" / version / "log.txt";
    const auto has_trained = [&log] {
      return read_file_if_exists(log).value_or("").find("epoch 1/") != std::string::npos;
    };
    for (int i = 0; i < 3000 && !has_trained(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    REQUIRE(has_trained());
    return pid;
  }
};

}  // namespace

TEST_CASE("versions are listed, filtered and sorted") {
  const TrainedJob t;
  const Json all = t.mat.succeed({"version", "list", "colours", "--json"}).json();
  CHECK(all["total"] == 2);
  CHECK(all["versions"][0]["version"] == "V0002");
  const Json slow =
      t.mat.succeed({"version", "list", "colours", "--json", "--filter", "lr < 0.1"}).json();
  CHECK(slow["total"] == 1);
  CHECK(slow["versions"][0]["version"] == "V0001");
  const Json sorted = t.mat
                          .succeed({"version", "list", "colours", "--json", "--sort", "lr",
                                    "--columns", "lr", "--limit", "1"})
                          .json();
  CHECK(sorted["versions"][0]["columns"]["lr"] == 0.05);
  CHECK(sorted["total"] == 2);
  const Output limited = t.mat.succeed({"version", "list", "colours", "--limit", "1"});
  CHECK(limited.err.find("showing 1 of 2") != std::string::npos);
  CHECK(t.mat.run({"version", "list", "colours", "--filter", "lr <"}).exit_code == 2);
  CHECK(t.mat.run({"version", "list", "colours", "--filter", "lrr < 1"}).exit_code == 2);
  CHECK(t.mat.run({"version", "list", "colour"}).exit_code == 3);
}

TEST_CASE("further columns stand beside the documented keys, each as it is shown elsewhere") {
  const TrainedJob t;
  const std::string columns = "status,version,created,duration,lr";
  const Json plain = t.mat.succeed({"version", "list", "colours", "--json"}).json()["versions"][0];
  const Json row = t.mat.succeed({"version", "list", "colours", "--columns", columns, "--json"})
                       .json()["versions"][0];
  CHECK_FALSE(plain.contains("columns"));
  for (const auto& [key, value] : plain.items()) CHECK(row[key] == value);
  CHECK(row["columns"]["status"] == plain["status"]);
  CHECK(row["columns"]["version"] == plain["version"]);
  CHECK(row["columns"]["created"] == plain["created"]);
  CHECK(row["columns"]["duration"] == plain["duration_s"]);
  CHECK(row["columns"]["lr"] == 0.1);
  const std::string table =
      t.mat.succeed({"version", "list", "colours", "--columns", "created,version"}).out;
  const std::string line = table.substr(table.find("V0002"), table.find('\n', table.find("V0002")));
  CHECK(
      std::regex_search(line, std::regex(R"(^V0002 .* 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d  +V0002 )")));
}

TEST_CASE("an evaluation that was damaged hides nothing else") {
  const TrainedJob t;
  const fs::path file = t.mat.home() / "jobs/colours/V0001/evaluation.json";
  const auto show = [&](const std::string& content) {
    write_text(file, content);
    const Json document = t.mat.succeed({"version", "show", "colours@1", "--json"}).json();
    CHECK(document["status"] == "Completed");
    const Output output = t.mat.succeed({"version", "show", "colours@1"});
    CHECK(output.out.find("\nsettings\n") != std::string::npos);
    CHECK(output.out.find("\nrecorded\n") != std::string::npos);
    return output.err;
  };
  const std::string whole = read_file(file);
  CHECK(show(whole).empty());
  CHECK(show(whole.substr(0, whole.size() / 2)).find("is not valid JSON") != std::string::npos);
  const std::string shaped = "is not as mat writes it";
  CHECK(show(R"({"classes": 3})").find(shaped) != std::string::npos);
  CHECK(show(R"({"classes": [{"precision": 1}]})").find(shaped) != std::string::npos);
  CHECK(show(R"({"classes": [], "confusion_matrix": {"labels": ["a"], "rows": [["x"]]}})")
            .find(shaped) != std::string::npos);
  CHECK(show(R"({"classes": [], "confusion_matrix": {"labels": ["a"], "rows": [[1, 2]]}})")
            .find(shaped) != std::string::npos);
  CHECK(show(R"({"classes": [{"name": "a", "precision": null}]})").empty());
  CHECK(show("[1, 2]").empty());
}

TEST_CASE("a diff shows what differs, and everything on request") {
  const TrainedJob t;
  const Json diff = t.mat.succeed({"version", "diff", "colours", "--json"}).json();
  CHECK(diff["versions"] == Json::array({"colours@V0001", "colours@V0002"}));
  REQUIRE(diff["parameters"].size() == 1);
  CHECK(diff["parameters"][0]["name"] == "lr");
  CHECK(diff["parameters"][0]["values"] == Json::array({0.05, 0.1}));
  CHECK(diff["data"].empty());
  const Json all =
      t.mat.succeed({"version", "diff", "colours", "V0001", "2", "--all", "--json"}).json();
  CHECK(all["parameters"].size() > 10);
  CHECK(all["metrics"][0]["name"] == "accuracy");
  CHECK(all["metrics"][0]["direction"] == "higher_is_better");
  CHECK(all["data"].size() >= 2);
  const std::string table = t.mat.succeed({"version", "diff", "colours@1", "colours@2"}).out;
  CHECK(table.rfind("colours ", 0) == 0);
  CHECK(table.find("  lr ") != std::string::npos);
  CHECK(t.mat.run({"version", "diff", "colours@1"}).exit_code == 2);
  CHECK(t.mat.run({"version", "diff", "colours@1", "colours@9"}).exit_code == 3);
}

TEST_CASE("a diff says whether versions really differ") {
  const TrainedJob t;
  const Output diff = t.mat.succeed({"version", "diff", "colours"});
  CHECK(diff.out.find("\nreal difference\n  V0002 ") != std::string::npos);
  const Json real =
      t.mat.succeed({"version", "diff", "colours", "--json"}).json()["real_difference"];
  REQUIRE(real.size() == 1);
  CHECK(real[0]["version"] == "colours@V0002");
  CHECK(real[0]["against"] == "colours@V0001");
  CHECK(real[0]["test"] == "mcnemar");
  CHECK(diff.out.find(real[0]["words"].get<std::string>()) != std::string::npos);

  const fs::path file = t.mat.home() / "jobs/colours/V0002/predictions.jsonl";
  write_text(file, "\x1b[31m no predictions\n");
  const Output damaged = t.mat.succeed({"version", "diff", "colours"});
  CHECK(damaged.out.find("real difference") == std::string::npos);
  CHECK(damaged.err.find("predictions.jsonl:1: ") != std::string::npos);
  CHECK(damaged.err.find('\x1b') == std::string::npos);
  fs::remove(file);
  CHECK(t.mat.succeed({"version", "diff", "colours", "--json"}).json()["real_difference"].empty());
}

TEST_CASE("versions of different jobs are compared") {
  const TrainedJob t;
  t.mat.succeed({"job", "create", "-f", "spec.yaml", "--name", "other", "--set", "seed=8"});
  const Json diff = t.mat.succeed({"version", "diff", "colours@1", "other", "--json"}).json();
  CHECK(diff["versions"] == Json::array({"colours@V0001", "other@V0001"}));
  CHECK(diff["parameters"][0]["name"] == "seed");
}

TEST_CASE("a version is deleted with its files, its number is not used again") {
  const TrainedJob t;
  CHECK(t.mat.run({"version", "delete", "colours"}).exit_code == 2);
  const Json deleted = t.mat.succeed({"version", "delete", "colours@2", "-y", "--json"}).json();
  CHECK(deleted["bytes_freed"] > 1000);
  CHECK_FALSE(fs::exists(t.mat.home() / "jobs/colours/V0002"));
  const Json next = t.mat.succeed({"job", "create", "-f", "spec.yaml", "--json"}).json();
  CHECK(next["version"] == "V0003");
}

TEST_CASE("a version's log is printed whole or from its end") {
  const TrainedJob t;
  const std::string log = t.mat.succeed({"version", "logs", "colours@1"}).out;
  CHECK(log.find("colours@V0001 begins") != std::string::npos);
  const std::string tail = t.mat.succeed({"version", "logs", "colours@1", "--tail", "1"}).out;
  CHECK(log.substr(log.size() - tail.size()) == tail);
  CHECK(std::count(tail.begin(), tail.end(), '\n') == 1);
}

TEST_CASE("Ctrl-C saves what is there and ends the version Terminated with 130") {
  const TrainedJob t;
  const pid_t pid = t.start_long_training("V0003");
  const Output denied = [&] {
    // Another folder for its output: the training writes to the first.
    TemporaryFolder other;
    MatProcess second(other);
    second.environment["MAT_HOME"] = t.mat.home().string();
    const Output job = second.run({"job", "delete", "colours", "-y"});
    CHECK(job.exit_code == 4);
    return second.run({"version", "delete", "colours@3", "-y"});
  }();
  CHECK(denied.exit_code == 4);
  ::kill(pid, SIGINT);
  const Output output = t.mat.wait_for(pid);
  CHECK(output.exit_code == 130);
  const Json version = t.mat.succeed({"version", "show", "colours@3", "--json"}).json();
  CHECK(version["status"] == "Terminated");
  CHECK(version["status_reason"] == "interrupted by Ctrl-C");
  CHECK(fs::exists(t.mat.home() / "jobs/colours/V0003/output/last.safetensors"));
}

TEST_CASE("a runner that is killed leaves an Abnormal version that can be deleted") {
  const TrainedJob t;
  const pid_t pid = t.start_long_training("V0003");
  ::kill(pid, SIGKILL);
  CHECK(t.mat.wait_for(pid).exit_code == 128 + SIGKILL);
  const Json list = t.mat.succeed({"version", "list", "colours", "--json"}).json();
  CHECK(list["versions"][0]["status"] == "Abnormal");
  t.mat.succeed({"version", "delete", "colours@3", "-y"});
}

TEST_CASE("auto_stop ends a training with the model saved") {
  const TrainedJob t;
  const Output output = t.mat.run({"job", "create", "-f", "spec.yaml", "--set", "epochs=100000",
                                   "--set", "auto_stop=10s", "--json"});
  CHECK(output.exit_code == 6);
  const Json version = output.json();
  CHECK(version["status"] == "Terminated");
  CHECK(version["status_reason"].get<std::string>().find("auto_stop") == 0);
  CHECK(fs::exists(t.mat.home() / "jobs/colours/V0003/output/last.safetensors"));
}
