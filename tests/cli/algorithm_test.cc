#include <catch2/catch.hpp>

#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

constexpr const char* kForest = R"(name: forest
description: a random forest
command: python3 train.py
code: ./src
inputs: [{name: data_url, required: true}]
hyperparameters:
  - {name: trees, type: Integer, default: 100, range: [1, 1000], description: how many}
  - {name: jobs, default: 1, adjustable: false}
)";

struct Algorithms {
  TemporaryFolder folder;
  MatProcess mat{folder};

  Algorithms() {
    write_text(folder / "src" / "train.py", "print('accuracy: 0.5')\n");
    write_text(folder / "forest.yaml", kForest);
    write_text(folder / "data.csv", "a\n1\n");
  }
};

}  // namespace

TEST_CASE("an algorithm of one's own is saved, listed, shown and deleted") {
  const Algorithms a;
  const Json saved = a.mat.succeed({"algorithm", "create", "-f", "forest.yaml", "--json"}).json();
  CHECK(saved["origin"] == "saved");
  CHECK(saved["command"]["code"] == (a.folder / "src").string());
  const Json list =
      a.mat.succeed({"algorithm", "list", "--filter", "origin = saved", "--json"}).json();
  CHECK(list["total"] == 1);
  CHECK(list["algorithms"][0]["name"] == "forest");
  CHECK(a.mat.succeed({"algorithm", "list", "--sort", "name", "--limit", "2"}).out.find("forest") !=
        std::string::npos);
  const Output shown = a.mat.succeed({"algorithm", "show", "forest"});
  CHECK(shown.out.find("100.0 MB") != std::string::npos);
  for (const char* part : {"python3 train.py", "trees", "at least 1, at most 1000", "(fixed)"}) {
    INFO(part);
    CHECK(shown.out.find(part) != std::string::npos);
  }
  CHECK(a.mat.succeed({"algorithm", "delete", "forest", "-y", "--json"}).json()["versions_kept"] ==
        0);
  CHECK(a.mat.run({"algorithm", "show", "forest"}).exit_code == 3);
}

TEST_CASE("an algorithm's name is taken once, and built-in names are not given away") {
  const Algorithms a;
  a.mat.succeed({"algorithm", "create", "-f", "forest.yaml"});
  const Output again = a.mat.run({"algorithm", "create", "-f", "forest.yaml"});
  CHECK(again.exit_code == 4);
  CHECK(again.err.find("--replace") != std::string::npos);
  a.mat.succeed({"algorithm", "create", "-f", "forest.yaml", "--replace"});
  write_text(a.folder / "taken.yaml", "name: resnet18\ncommand: x\n");
  CHECK(a.mat.run({"algorithm", "create", "-f", "taken.yaml", "--replace"}).exit_code == 4);
  CHECK(a.mat.run({"algorithm", "delete", "resnet18"}).exit_code == 4);
  CHECK(a.mat.run({"algorithm", "delete", "resnet81"}).exit_code == 3);
}

TEST_CASE("a wrong definition is refused with all its places, and nothing is made") {
  const Algorithms a;
  write_text(a.folder / "bad.yaml",
             "name: bad\ncomand: x\ncode: ./none\nhyperparameters:\n  - {name: lr, type: Flaot}\n");
  const Output output = a.mat.run({"algorithm", "create", "-f", "bad.yaml"});
  CHECK(output.exit_code == 2);
  check_golden("bad_algorithm.txt", output.err);
  write_text(a.folder / "nowhere.yaml", "name: bad\ncommand: x\ncode: ./none\n");
  CHECK(a.mat.run({"algorithm", "create", "-f", "nowhere.yaml"}).exit_code == 3);
  CHECK(a.mat.run({"algorithm", "create", "-f", "none.yaml"}).exit_code == 3);
  CHECK_FALSE(std::filesystem::exists(a.mat.home()));
}

TEST_CASE("a spec is checked against a saved algorithm and may spell out its own") {
  const Algorithms a;
  a.mat.succeed({"algorithm", "create", "-f", "forest.yaml"});
  write_text(a.folder / "job.yaml",
             "name: trees\nalgorithm: forest\ninputs: {data_url: ./data.csv}\n");
  a.mat.succeed({"job", "validate", "-f", "job.yaml"});
  const auto dry_run = [&](const std::string& assignment) {
    return a.mat.run({"job", "create", "-f", "job.yaml", "--dry-run", "--set", assignment});
  };
  CHECK(dry_run("trees=50").out.find("trees: 50") != std::string::npos);
  CHECK(dry_run("trees=0").err.find("trees must be at least 1, not 0") != std::string::npos);
  CHECK(dry_run("jobs=2").err.find("jobs is fixed by forest") != std::string::npos);
  CHECK(dry_run("tres=2").err.find("did you mean 'trees'?") != std::string::npos);

  write_text(a.folder / "own.yaml",
             "name: own\nalgorithm: {command: python3 train.py, code: ./src}\n"
             "inputs: {table: ./data.csv}\nhyperparameters: {depth: 3}\n");
  a.mat.succeed({"job", "validate", "-f", "own.yaml"});
  CHECK(a.mat.run({"job", "validate", "-f", "forest.yaml"}).exit_code == 2);
  std::filesystem::remove_all(a.folder / "src");
  const Output gone = a.mat.run({"job", "validate", "-f", "own.yaml"});
  CHECK(gone.exit_code == 3);
  CHECK(gone.err.find("there is no code folder '") != std::string::npos);
}

TEST_CASE("a secret variable is in no output") {
  const Algorithms a;
  write_text(a.folder / "own.yaml",
             "name: own\nalgorithm: {command: \"true\"}\nenvironment: {API_TOKEN: hunter2}\n");
  for (const bool json : {false, true}) {
    std::vector<std::string> words{"job", "create", "-f", "own.yaml", "--dry-run"};
    if (json) words.emplace_back("--json");
    const Output shown = a.mat.succeed(words);
    CHECK(shown.out.find("(hidden)") != std::string::npos);
    CHECK(shown.out.find("hunter2") == std::string::npos);
  }
  const Output refused =
      a.mat.run({"job", "create", "-f", "own.yaml", "--set", "environment.API_TOKEN hunter2"});
  CHECK(refused.exit_code == 2);
  CHECK(refused.err.find("hunter2") == std::string::npos);
}

TEST_CASE("a version keeps what it ran when its algorithm is deleted") {
  const Algorithms a;
  a.mat.succeed({"algorithm", "create", "-f", "forest.yaml"});
  write_text(a.folder / "job.yaml",
             "name: trees\nalgorithm: forest\ninputs: {data_url: ./data.csv}\n"
             "environment: {API_TOKEN: hunter2}\n");
  a.mat.run({"job", "create", "-f", "job.yaml"});
  const Output deleted = a.mat.succeed({"algorithm", "delete", "forest", "-y"});
  CHECK(deleted.err.find("one version used it and keeps its own record of it") !=
        std::string::npos);
  const Json version = a.mat.succeed({"version", "show", "trees@1", "--json"}).json();
  CHECK(version["facts"]["algorithm"]["command"]["words"] == Json{"python3", "train.py"});
  CHECK(version["settings"]["environment.API_TOKEN"]["value"] == "(hidden)");
  const std::vector<std::string> modify{"version", "modify",   "trees@1",
                                        "--set",   "trees=50", "--dry-run"};
  const Output asked = a.mat.run(modify);
  CHECK(asked.exit_code == 2);
  CHECK(asked.err.find("API_TOKEN is secret and was not recorded") != std::string::npos);
  MatProcess with_token = a.mat;
  with_token.environment["API_TOKEN"] = "hunter2";
  const Output modified = with_token.succeed(modify);
  CHECK(modified.out.find("trees: 50") != std::string::npos);
  CHECK(modified.out.find("hunter2") == std::string::npos);
}
