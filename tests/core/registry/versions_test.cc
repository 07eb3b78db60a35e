#include <fcntl.h>
#include <sys/file.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/registry/version_folder.h"
#include "tests/core/registry/registry_home.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

}  // namespace

TEST_CASE("A version is recorded as it was given, with its folder") {
  const RegistryHome home;
  Registry registry = home.writer();
  NewVersion version = new_version("clothes", {{"lr", 0.05}, {"optimizer", "sgd"}});
  version.job_description = "six kinds";
  version.experiment = "first-look";
  version.facts = {{"host", {{"name", "a machine"}}}};
  const VersionRecord record = registry.create_version(version, "name: clothes\n");
  CHECK(record.reference() == "clothes@V0001");
  CHECK(record.status == Status::initializing);
  CHECK(record.algorithm == "resnet18");
  CHECK(record.created_ms > 1'700'000'000'000);
  CHECK_FALSE(record.started_ms);
  CHECK_FALSE(record.accuracy);
  CHECK(record.parent.empty());

  const VersionRecord read = home.reader().version("clothes");
  CHECK(read.id == record.id);
  CHECK(read.settings == version.settings);
  CHECK(read.facts == version.facts);
  const fs::path folder = home.home().version_folder("clothes", 1);
  CHECK(read_file(folder / "spec.yaml") == "name: clothes\n");
  CHECK(fs::is_directory(folder / "output"));
  CHECK(home.reader().job("clothes").experiment == "first-look");
}

TEST_CASE("Numbers go up and are not given again when the latest version is deleted") {
  const RegistryHome home;
  Registry registry = home.writer();
  NewVersion version = new_version("clothes");
  version.status = Status::completed;
  CHECK(registry.create_version(version, "").number == 1);
  const VersionRecord second = registry.create_version(version, "");
  CHECK(second.number == 2);
  registry.delete_version(second.id);
  CHECK(registry.create_version(version, "").number == 3);
}

TEST_CASE("References find versions, and say what is missing when they do not") {
  const RegistryHome home;
  Registry registry = home.writer();
  std::vector<NewVersion> versions(3, new_version("clothes"));
  registry.create_versions(versions);
  CHECK(registry.version("clothes").number == 3);
  CHECK(registry.version("clothes@latest").number == 3);
  CHECK(registry.version("clothes@2").number == 2);
  CHECK(registry.version("clothes@V0002").number == 2);

  const Error number = error_of([&] { registry.version("clothes@7"); });
  CHECK(number.kind() == ErrorKind::not_found);
  CHECK(number.message() == "the job 'clothes' has no version V0007");
  CHECK(number.hint() == "it has 3, from V0001 to V0003");
  const Error job = error_of([&] { registry.version("cloths@1"); });
  CHECK(job.kind() == ErrorKind::not_found);
  CHECK(job.hint() == "did you mean 'clothes'?");
  const Error best = error_of([&] { registry.version("clothes@best"); });
  CHECK(best.kind() == ErrorKind::not_found);
  CHECK(error_of([&] { registry.version(Id{999}); }).kind() == ErrorKind::not_found);
}

TEST_CASE("A job whose versions are all deleted says so") {
  const RegistryHome home;
  Registry registry = home.writer();
  NewVersion version = new_version("clothes");
  version.status = Status::failed;
  registry.delete_version(registry.create_version(version, "").id);
  CHECK(error_of([&] { registry.version("clothes"); }).message() ==
        "the job 'clothes' has no versions");
  CHECK(registry.job("clothes").version_count == 0);
  CHECK(registry.job("clothes").latest_number == 0);
}

TEST_CASE("The best version has the highest accuracy of the completed ones, the newest of equals") {
  const RegistryHome home;
  Registry registry = home.writer();
  const auto add = [&](Status status, const std::map<std::string, double>& metrics) {
    NewVersion version = new_version("clothes");
    version.status = status;
    for (const auto& [name, value] : metrics) version.metrics[name] = summary(value);
    registry.create_versions({version});
  };
  add(Status::completed, {{"loss", 0.5}});
  add(Status::completed, {{"loss", 0.3}});
  CHECK(registry.version("clothes@best").number == 2);
  add(Status::terminated, {{"accuracy", 0.99}});
  CHECK(registry.version("clothes@best").number == 3);
  CHECK(registry.job("clothes").best_accuracy == 0.99);
  add(Status::completed, {{"accuracy", 0.8}});
  add(Status::completed, {{"accuracy", 0.9}});
  add(Status::completed, {{"accuracy", 0.9}});
  add(Status::completed, {{"accuracy", std::nan("")}});
  add(Status::failed, {{"accuracy", 1.0}});
  CHECK(registry.version("clothes@best").number == 6);
  CHECK(registry.job("clothes").best_accuracy == 0.9);
}

TEST_CASE("A status changes only from the statuses that were named") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  CHECK_FALSE(registry.change_status(id, {Status::running}, Status::completed, ""));
  CHECK(registry.version(id).status == Status::initializing);
  CHECK(registry.change_status(id, {Status::initializing, Status::pending}, Status::running, ""));
  CHECK(registry.version(id).started_ms);
  CHECK_FALSE(registry.version(id).ended_ms);
  CHECK(registry.change_status(id, {Status::running}, Status::failed, "out of memory"));
  const VersionRecord failed = registry.version(id);
  CHECK(failed.status == Status::failed);
  CHECK(failed.status_reason == "out of memory");
  CHECK(failed.ended_ms.value() >= failed.started_ms.value());
  CHECK_FALSE(registry.change_status(id, {Status::running}, Status::completed, ""));
  CHECK_FALSE(registry.change_status(id + 1, {Status::running}, Status::completed, ""));
  CHECK(registry.change_status(id, {Status::failed}, Status::running, ""));
  CHECK_FALSE(registry.version(id).ended_ms);
}

TEST_CASE("Active versions are those that have not ended, of all jobs") {
  const RegistryHome home;
  Registry registry = home.writer();
  for (const Status status :
       {Status::initializing, Status::pending, Status::running, Status::completed, Status::failed,
        Status::terminated, Status::abnormal}) {
    NewVersion version = new_version(std::string("job-") + name_of(status));
    version.status = status;
    registry.create_versions({version});
  }
  std::vector<std::string> jobs;
  for (const auto& version : registry.active_versions()) jobs.push_back(version.job);
  CHECK(jobs.size() == 3);
  CHECK_THAT(jobs, Catch::UnorderedEquals(
                       std::vector<std::string>{"job-Initializing", "job-Pending", "job-Running"}));
}

TEST_CASE("Facts are added to those that are there") {
  const RegistryHome home;
  Registry registry = home.writer();
  NewVersion version = new_version("clothes");
  version.facts = {{"host", "a"}, {"threads", 2}};
  const Id id = registry.create_version(version, "").id;
  registry.set_facts(id, {{"threads", 4}, {"device", "cpu"}});
  CHECK(registry.version(id).facts == Json({{"host", "a"}, {"threads", 4}, {"device", "cpu"}}));
  CHECK(error_of([&] { registry.set_facts(id + 1, {}); }).kind() == ErrorKind::not_found);
}

TEST_CASE("Summaries of metrics are kept exactly, replaced by name, and NaN stays NaN") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Id id = registry.create_version(new_version("clothes"), "").id;
  const MetricSummary accuracy{30, 0.1, 0.89, 0.05, 0.91, 0.91, 1, 30, 2, 27, 27};
  MetricSummary loss;
  loss.add(1, std::nan(""), Direction::lower_is_better);
  registry.change_status(
      id, {Status::initializing}, Status::running, "",
      {Json::object(), {{"accuracy", summary(0.5)}, {"val/top1", summary(0.25)}}});
  registry.change_status(id, {Status::running}, Status::completed, "",
                         {Json::object(), {{"accuracy", accuracy}, {"loss", loss}}});
  const VersionRecord record = registry.version(id);
  REQUIRE(record.metrics.size() == 3);
  const MetricSummary& read = record.metrics.at("accuracy");
  CHECK(read.count == 30);
  CHECK(read.first == 0.1);
  CHECK(read.last == 0.89);
  CHECK(read.min == 0.05);
  CHECK(read.max == 0.91);
  CHECK(read.best == 0.91);
  CHECK(read.first_step == 1);
  CHECK(read.last_step == 30);
  CHECK(read.min_step == 2);
  CHECK(read.max_step == 27);
  CHECK(read.best_step == 27);
  CHECK(std::isnan(record.metrics.at("loss").best));
  CHECK(record.metrics.at("val/top1").best == 0.25);
  CHECK(record.accuracy == 0.91);
  CHECK_FALSE(record.f1);
}

TEST_CASE("A version remembers what it comes from, also when that is deleted") {
  const RegistryHome home;
  Registry registry = home.writer();
  NewVersion first = new_version("clothes");
  first.status = Status::failed;
  const Id parent = registry.create_version(first, "").id;
  NewVersion second = new_version("clothes");
  second.parent = parent;
  const Id id = registry.create_version(second, "").id;
  CHECK(registry.version(id).parent == "clothes@V0001");
  registry.delete_version(parent);
  CHECK(registry.version(id).parent == "clothes@V0001");
  CHECK(error_of([&] { registry.create_version(second, ""); }).kind() == ErrorKind::not_found);
}

TEST_CASE("A creation that fails leaves neither rows nor folders") {
  const RegistryHome home;
  Registry registry = home.writer();
  SECTION("because of a name that would lead out of the home") {
    CHECK(error_of([&] { registry.create_version(new_version("../x"), ""); }).kind() ==
          ErrorKind::usage);
    CHECK_FALSE(fs::exists(home.home().jobs()));
  }
  SECTION("because of a setting without a value") {
    NewVersion version = new_version("clothes");
    version.settings["seed"] = 7;
    CHECK(error_of([&] { registry.create_version(version, ""); }).kind() == ErrorKind::bug);
  }
  SECTION("because a file stands where the folder of the jobs should be") {
    std::ofstream(home.home().jobs()) << "in the way";
    CHECK(error_of([&] { registry.create_version(new_version("clothes"), ""); }).kind() ==
          ErrorKind::io);
    CHECK(read_file(home.home().jobs()) == "in the way");
  }
  CHECK_FALSE(registry.find_job("clothes"));
  CHECK_FALSE(fs::exists(home.home().jobs() / "clothes"));
}

TEST_CASE("What a killed creation has left is taken over; a person's folder is left alone") {
  const RegistryHome home;
  Registry registry = home.writer();
  const fs::path first = home.home().version_folder("clothes", 1);
  const fs::path second = home.home().version_folder("clothes", 2);
  fs::create_directories(first / "output");
  std::ofstream(first / "spec.yaml") << "half";
  std::ofstream(first / "spec.yaml.17.0.part") << "ha";
  std::ofstream(first / "environment.private") << "A=1";
  std::ofstream(first / "uncommitted.diff") << "+1";
  std::ofstream(first / "lock") << "{}";
  fs::create_directories(second / "output");
  std::ofstream(second / "output" / "best.safetensors") << "weights";
  CHECK(registry.create_version(new_version("clothes"), "whole").number == 1);
  CHECK(read_file(first / "spec.yaml") == "whole");
  CHECK_FALSE(fs::exists(first / "uncommitted.diff"));
  CHECK(registry.create_version(new_version("clothes"), "whole").number == 3);
  CHECK(read_file(second / "output" / "best.safetensors") == "weights");
}

TEST_CASE("A folder with anything else in it is a person's") {
  const RegistryHome home;
  Registry registry = home.writer();
  std::int64_t number = 0;
  for (const char* name : {"lock.txt", "spec.yaml.bak", "locks", "environment.private.2"}) {
    const fs::path folder = home.home().version_folder("clothes", ++number);
    fs::create_directories(folder);
    std::ofstream(folder / name) << "mine";
  }
  CHECK(registry.create_version(new_version("clothes"), "").number == 5);
  CHECK(read_file(home.home().version_folder("clothes", 3) / "locks") == "mine");
}

TEST_CASE("A folder that somebody's run holds is not taken over") {
  const RegistryHome home;
  Registry registry = home.writer();
  const fs::path folder = home.home().version_folder("clothes", 1);
  fs::create_directories(folder);
  const FileDescriptor lock(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
  CHECK(registry.create_version(new_version("clothes"), "").number == 2);
  CHECK(fs::exists(folder / "lock"));
  // But for whoever has just made it, and could not record it.
  remove_unfinished_folder(folder);
  CHECK_FALSE(fs::exists(folder));
  CHECK(fs::exists(home.home().version_folder("clothes", 2)));
}

TEST_CASE("What cannot be written into a new version's folder says whose it is") {
  const RegistryHome home;
  Registry registry = home.writer();
  const Error error = error_of([&] {
    registry.create_pending(new_version("clothes"), "spec", {}, [](const fs::path& f) {
      write_file_unsynced(f / "output" / "no" / "such" / "file", "a");
    });
  });
  CHECK(error.kind() == ErrorKind::io);
  CHECK(error.message().find("a new version of clothes/output/no/such/file") != std::string::npos);
}

TEST_CASE("A version is in the queue as soon as there is anything of it, or there is nothing") {
  const RegistryHome home;
  Registry registry = home.writer();
  const fs::path folder = home.home().version_folder("clothes", 1);
  Submission submission;
  submission.priority = 3;
  submission.detached = true;
  CHECK_THROWS(
      registry.create_pending(new_version("clothes"), "spec", submission, [&](const fs::path& f) {
        std::ofstream(f / "lock") << "{}";
        throw Error(ErrorKind::io, "no room");
      }));
  CHECK_FALSE(registry.find_job("clothes"));
  CHECK(fs::is_empty(home.home().jobs()));

  const VersionRecord version =
      registry.create_pending(new_version("clothes"), "spec", submission, [&](const fs::path& f) {
        // It holds no lock.
        home.writer().create_version(new_version("shoes"), "");
        CHECK_FALSE(home.reader().find_job("clothes"));
        std::ofstream(f / "uncommitted.diff") << "+1";
      });
  CHECK(version.number == 1);
  CHECK(version.status == Status::pending);
  CHECK(read_file(folder / "spec.yaml") == "spec");
  CHECK(read_file(folder / "uncommitted.diff") == "+1");
  const auto active = registry.active_versions();
  REQUIRE(active.size() == 2);
  CHECK(active[0].id == version.id);
  REQUIRE(active[0].submission);
  CHECK(active[0].submission->priority == 3);
  CHECK(active[0].submission->detached);
  const auto history = registry.history(version.id);
  REQUIRE(history.size() == 2);
  CHECK(history[0].status == Status::initializing);
  CHECK(history[1].status == Status::pending);
}

TEST_CASE("Any text and any number in the settings comes back") {
  const RegistryHome home;
  Registry registry = home.writer();
  NewVersion version = new_version("clothes");
  version.settings["environment.TEXT"] = setting(std::string("a\0'\"\n;DROP TABLE jobs", 22));
  version.settings["environment.EMPTY"] = setting("");
  version.settings["environment.LONG"] = setting(std::string(100'000, 'x'));
  version.settings["hyperparameters.seed"] = setting(18446744073709551615ULL);
  version.settings["hyperparameters.nothing"] = setting(nullptr);
  version.settings["hyperparameters.flip"] = setting(true);
  version.settings["hyperparameters.list"] = setting({1, 2});
  const Id id = registry.create_version(version, "").id;
  CHECK(registry.version(id).settings == version.settings);
}

TEST_CASE("Values for a column of a list keep their types") {
  const RegistryHome home;
  Registry registry = home.writer();
  NewVersion one = new_version("clothes", {{"lr", 0.1}, {"flip", true}, {"precision", "bf16"}});
  one.metrics = {{"precision", summary(0.75)}, {"loss", summary(0.5)}};
  NewVersion two = new_version("clothes", {{"lr", 1}});
  registry.create_versions({one, two});
  const auto rows = registry.list_versions("clothes", {}).rows;
  CHECK(registry.values_of(rows, "lr").values == std::vector<Json>{1, 0.1});
  CHECK(registry.values_of(rows, "flip").values == std::vector<Json>{nullptr, true});
  CHECK(registry.values_of(rows, "precision").values == std::vector<Json>{nullptr, 0.75});
  CHECK(registry.values_of(rows, "hyperparameters.precision").values ==
        std::vector<Json>{nullptr, "bf16"});
  CHECK(registry.values_of(rows, "metrics.loss").values == std::vector<Json>{nullptr, 0.5});
  CHECK(registry.values_of(rows, "algorithm").values == std::vector<Json>{"resnet18", "resnet18"});
  CHECK(registry.values_of(rows, "version").meaning == FieldValues::Meaning::version_number);
  CHECK(registry.values_of(rows, "created").meaning == FieldValues::Meaning::time_ms);
  CHECK(registry.values_of(rows, "duration").meaning == FieldValues::Meaning::duration_s);
  CHECK(registry.values_of(rows, "lr").meaning == FieldValues::Meaning::as_is);
  CHECK(error_of([&] { registry.values_of(rows, "lrr"); }).hint() == "did you mean 'lr'?");
}

}  // namespace mat
