#include "core/slurm/slurm_look.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "core/base/file.h"
#include "core/base/time.h"
#include "tests/temp_folder.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// Clients that say what they are told to, found before Slurm's own, or instead of them.
class FakeClients {
 public:
  explicit FakeClients(const TempFolder& folder, const char* others = ":/usr/bin:/bin")
      : folder_(folder / "bin"), path_(::getenv("PATH") == nullptr ? "" : ::getenv("PATH")) {
    fs::create_directories(folder_);
    ::setenv("PATH", (folder_.string() + others).c_str(), 1);
  }
  ~FakeClients() { ::setenv("PATH", path_.c_str(), 1); }

  void put(const std::string& name, const std::string& script) const {
    std::ofstream(folder_ / name) << "#!/bin/sh\necho >> " << (folder_ / (name + ".asked")).string()
                                  << "\n"
                                  << script;
    fs::permissions(folder_ / name, fs::perms::owner_all);
  }
  std::size_t times_asked(const std::string& name) const {
    return read_file_if_exists(folder_ / (name + ".asked")).value_or("").size();
  }

 private:
  fs::path folder_;
  std::string path_;
};

constexpr const char* kOneJob =
    "printf '%-20s%-20s%-10s%-60s%-400s%-300s\\n' 12 RUNNING 0 None n1 mat-a-V0001-x\n"
    "printf '%-20s%-20s%-10s%-60s%-400s%-300s\\n' 13 RUNNING 0 None n1 somebody-elses\n";

// As if so much time had passed.
void make_due(const Home& home) {
  const fs::path path = home.queue() / "slurm-p.json";
  std::string text = read_file(path);
  const std::string key = "\"asked_ms\":";
  const std::size_t at = text.find(key) + key.size();
  text.replace(at, text.find(',', at) - at, "1");
  write_file_atomic(path, text);
}

}  // namespace

TEST_CASE("Slurm is asked at growing intervals while nothing changes, and only about mat's jobs") {
  const TempFolder folder;
  const FakeClients clients(folder);
  const Home home{folder / "home", "a test"};
  CHECK(is_look_due(read_look(home, "p"), now_ms()));
  clients.put("squeue", kOneJob);
  look_at_slurm(home, "p", {}, {});
  SlurmLook look = read_look(home, "p");
  CHECK(look.jobs.size() == 1);
  CHECK(look.interval_ms == 1000);
  CHECK_FALSE(is_look_due(look, look.asked_ms + 999));
  CHECK(is_look_due(look, look.asked_ms + 1000));
  // The clock was set back.
  CHECK(is_look_due(look, look.asked_ms - 5000));

  look_at_slurm(home, "p", {}, {});
  CHECK(clients.times_asked("squeue") == 1);
  std::vector<std::int64_t> intervals;
  for (int i = 0; i < 6; ++i) {
    make_due(home);
    look_at_slurm(home, "p", {}, {});
    intervals.push_back(read_look(home, "p").interval_ms);
  }
  CHECK(intervals == std::vector<std::int64_t>{2000, 4000, 8000, 16000, 30000, 30000});
  hurry_look(home, "p");
  look = read_look(home, "p");
  CHECK(is_look_due(look, now_ms()));
  CHECK(look.jobs.size() == 1);
}

TEST_CASE("a controller that does not answer is asked ever more rarely, and what it said stays") {
  const TempFolder folder;
  const FakeClients clients(folder);
  const Home home{folder / "home", "a test"};
  clients.put("squeue", kOneJob);
  look_at_slurm(home, "p", {}, {});
  clients.put("squeue", "echo 'squeue: error: Unable to contact slurm controller' >&2; exit 1\n");
  std::vector<std::int64_t> intervals;
  for (int i = 0; i < 7; ++i) {
    make_due(home);
    look_at_slurm(home, "p", {}, {});
    intervals.push_back(read_look(home, "p").interval_ms);
  }
  CHECK(intervals == std::vector<std::int64_t>{2000, 4000, 8000, 16000, 32000, 60000, 60000});
  const SlurmLook look = read_look(home, "p");
  CHECK(look.failures == 7);
  CHECK(look.problem == "squeue: Unable to contact slurm controller");
  CHECK(look.jobs.at(12).state == "RUNNING");
  CHECK(look.answered_ms > 0);
}

TEST_CASE(
    "jobs that squeue has no more are looked for in the accounting, then in the log of "
    "completions") {
  const TempFolder folder;
  const FakeClients clients(folder);
  const Home home{folder / "home", "a test"};
  clients.put("squeue", "");
  clients.put("sacct",
              "case \"$*\" in *--completion*) echo '12|TIMEOUT|n1|mat-a-V0001-x';;\n"
              "*) echo 'Slurm accounting storage is disabled' >&2; exit 1;; esac\n");
  look_at_slurm(home, "p", {}, {12, 14});
  const SlurmLook look = read_look(home, "p");
  CHECK(look.jobs.at(12).state == "TIMEOUT");
  CHECK(look.jobs.at(14).state.empty());
  CHECK(look.ended_ms.contains(12));
  CHECK(look.ended_ms.contains(14));
}

TEST_CASE("what became of a job is not known while the accounting does not answer") {
  const TempFolder folder;
  const FakeClients clients(folder);
  const Home home{folder / "home", "a test"};
  clients.put("squeue", kOneJob);
  clients.put("sacct",
              "case \"$*\" in *--completion*) echo '15|TIMEOUT|n1|mat-b-V0001-x';;\n"
              "*) echo 'sacct: error: slurmdbd: Connection refused' >&2; exit 1;; esac\n");
  bool is_told = false;
  look_at_slurm(home, "p", {}, {12, 14, 15}, [&](const SlurmLook&) { is_told = true; });
  CHECK(is_told);
  SlurmLook look = read_look(home, "p");
  CHECK(look.jobs.at(15).state == "TIMEOUT");
  CHECK(look.jobs.at(12).state == "RUNNING");
  CHECK_FALSE(look.jobs.contains(14));
  CHECK(look.failures == 0);
  CHECK(look.problem == "sacct: slurmdbd: Connection refused");

  // Nor is what accounting takes for a job that runs, though squeue does not have it.
  clients.put("sacct", "echo '14|RUNNING|n1|mat-a-V0001-x'\n");
  make_due(home);
  look_at_slurm(home, "p", {}, {12, 14});
  look = read_look(home, "p");
  CHECK(look.problem.empty());
  CHECK_FALSE(look.jobs.contains(14));
  CHECK(look.ended_ms.contains(14));

  // Where it has no log of completions, the accounting's word is enough.
  clients.put("sacct",
              "case \"$*\" in *--completion*) echo 'fatal: no such file' >&2; exit 1;; esac\n"
              "echo 'Slurm accounting storage is disabled' >&2; exit 1\n");
  make_due(home);
  look_at_slurm(home, "p", {}, {12, 16});
  look = read_look(home, "p");
  CHECK(look.jobs.at(16).state.empty());
}

TEST_CASE(
    "where there is no sacct, what squeue says counts, and a job that it has no more is gone") {
  const TempFolder folder;
  const FakeClients clients(folder, "");
  const Home home{folder / "home", "a test"};
  clients.put("squeue", kOneJob);
  look_at_slurm(home, "p", {}, {12, 14});
  const SlurmLook look = read_look(home, "p");
  CHECK(look.problem.empty());
  CHECK(look.jobs.at(12).state == "RUNNING");
  CHECK(look.jobs.at(14).state.empty());
  CHECK(look.ended_ms.contains(14));
}

TEST_CASE("a look that cannot be read is none") {
  const TempFolder folder;
  const Home home{folder / "home", "a test"};
  make_folders(home.queue());
  for (const char* text : {"", "null", "{\"jobs\": 3}", "\xff"}) {
    write_file_atomic(home.queue() / "slurm-p.json", text);
    CHECK(read_look(home, "p").answered_ms == 0);
  }
}

}  // namespace mat
