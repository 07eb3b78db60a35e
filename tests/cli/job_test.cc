#include <catch2/catch.hpp>
#include <cstring>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace fs = std::filesystem;

namespace {

struct Project {
  TemporaryFolder folder;
  MatProcess mat{folder};

  Project() {
    draw_pictures(folder / "data", {"green", "red"}, 12);
    write_text(folder / "spec.yaml", small_spec("colours", "./data"));
  }
};

}  // namespace

TEST_CASE("a job is trained to a recorded version") {
  const Project p;
  const Output output = p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  CHECK(output.out.rfind("colours@V0001  Completed", 0) == 0);
  CHECK(output.out.find("accuracy") != std::string::npos);
  CHECK(output.err.find("\x1b") == std::string::npos);

  const Json version = p.mat.succeed({"version", "show", "colours", "--json"}).json();
  CHECK(version["reference"] == "colours@V0001");
  CHECK(version["status"] == "Completed");
  CHECK(version["settings"]["hyperparameters.lr"]["source"] == "spec");
  CHECK(version["settings"]["hyperparameters.momentum"]["source"] == "algorithm");
  CHECK(version["settings"]["seed"]["value"] == 7);
  CHECK(version["facts"]["threads"] == 1);
  CHECK(version["facts"]["command_line"][1] == "job");
  CHECK(version["facts"].contains("libtorch"));
  CHECK(version["facts"]["dataset"]["classes"].size() == 2);
  CHECK(version["evaluation"]["accuracy"] == version["accuracy"]);
  CHECK(version["metrics"].contains("train_loss"));

  const fs::path files = p.mat.home() / "jobs" / "colours" / "V0001";
  for (const char* name : {"spec.yaml", "log.txt", "evaluation.json", "predictions.jsonl",
                           "output/best.safetensors", "output/last.safetensors"}) {
    INFO(name);
    CHECK(fs::file_size(files / name) > 0);
  }
  CHECK_FALSE(fs::exists(files / "reserve"));
}

TEST_CASE("an existing job gets its next version, and a second training decodes nothing") {
  const Project p;
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  const Json second =
      p.mat.succeed({"job", "create", "-f", "spec.yaml", "--set", "lr=0.1", "--json"}).json();
  CHECK(second["reference"] == "colours@V0002");
  CHECK(second["settings"]["hyperparameters.lr"]["value"] == 0.1);
  CHECK(second["settings"]["hyperparameters.lr"]["source"] == "--set");
  CHECK(second["facts"]["pictures"]["decoded"] == 0);
  const Json job = p.mat.succeed({"job", "show", "colours", "--json"}).json();
  CHECK(job["versions"] == 2);
  CHECK(job["latest"] == "V0002");
}

TEST_CASE("the recorded spec trains the same again, bit for bit") {
  const Project p;
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  const fs::path jobs = p.mat.home() / "jobs" / "colours";
  p.mat.succeed({"job", "create", "-f", (jobs / "V0001" / "spec.yaml").string()});
  const auto weights = [&](const char* version) {
    // The header at the beginning tells the version's own circumstances; the tensors follow it.
    const std::string bytes = read_file(jobs / version / "output" / "last.safetensors");
    std::uint64_t header_bytes = 0;
    REQUIRE(bytes.size() > sizeof header_bytes);
    std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
    REQUIRE(bytes.size() > sizeof header_bytes + header_bytes + 100'000);
    return bytes.substr(sizeof header_bytes + header_bytes);
  };
  CHECK(weights("V0001") == weights("V0002"));
}

TEST_CASE("a dry run prints the resolved spec and records nothing") {
  const Project p;
  const Output output = p.mat.succeed({"job", "create", "-f", "spec.yaml", "--dry-run"});
  CHECK(output.out.find("momentum: 0.9") != std::string::npos);
  CHECK_FALSE(fs::exists(p.mat.home()));
}

TEST_CASE("a spec with mistakes is refused with line, column and the nearest name") {
  const Project p;
  write_text(p.folder / "bad.yaml",
             "name: colours\nalgorithm: small_cnn\ninputs: {data_url: ./data}\n"
             "hyperparameters:\n  epocs: 3\n  lr: fast\n  batch_size: 0\n");
  const Output output = p.mat.run({"job", "create", "-f", "bad.yaml"});
  CHECK(output.exit_code == 2);
  check_golden("bad_spec.txt", output.err);
  CHECK(p.mat.run({"job", "validate", "-f", "bad.yaml"}).exit_code == 2);
  CHECK_FALSE(fs::exists(p.mat.home()));
}

TEST_CASE("a spec comes from a pipe, whose paths are relative to the working directory") {
  const Project p;
  // The writer begins when mat has found the pipe empty.
  for (const char* line : {"(sleep 0.3; cat spec.yaml) | mat job validate -f /dev/stdin",
                           "mat job validate -f <(sleep 0.3; cat spec.yaml)"}) {
    const Output output = p.mat.run_in_shell(line);
    INFO(line << output.err);
    CHECK(output.exit_code == 0);
    CHECK(output.out.find("is valid: job colours") != std::string::npos);
  }
}

TEST_CASE("tables are looked at before anything is recorded") {
  const Project p;
  write_text(p.folder / "table.csv", "size,colour\n1,red\n2,green\n3,red\n4,green\n5,red\n");
  const std::string begin = "name: t\nalgorithm: tabular_mlp\ninputs: {data_url: ./";
  write_text(p.folder / "good.yaml", begin + "table.csv}\nhyperparameters: {target: colour}\n");
  write_text(p.folder / "target.yaml", begin + "table.csv}\nhyperparameters: {target: color}\n");
  write_text(p.folder / "data.yaml", begin + "good.yaml}\nhyperparameters: {target: colour}\n");
  p.mat.succeed({"job", "validate", "-f", "good.yaml"});
  const Output target = p.mat.run({"job", "validate", "-f", "target.yaml"});
  CHECK(target.exit_code == 2);
  CHECK(target.err.find("did you mean 'colour'?") != std::string::npos);
  CHECK(p.mat.run({"job", "validate", "-f", "data.yaml"}).exit_code == 2);
  CHECK(p.mat.run({"job", "create", "-f", "target.yaml"}).exit_code == 2);
  CHECK_FALSE(fs::exists(p.mat.home()));
}

TEST_CASE("data that cannot be trained on records nothing") {
  const Project p;
  CHECK(
      p.mat.run({"job", "create", "-f", "spec.yaml", "--set", "inputs.data_url=none"}).exit_code ==
      3);
  draw_pictures(p.folder / "one", {"only"}, 5);
  CHECK(p.mat.run({"job", "create", "-f", "spec.yaml", "--set", "inputs.data_url=one"}).exit_code ==
        2);
  CHECK(p.mat.run({"job", "create", "-f", "none.yaml"}).exit_code == 3);
  CHECK(p.mat.run({"job", "create"}).exit_code == 2);
  CHECK_FALSE(fs::exists(p.mat.home()));
}

TEST_CASE("a training that fails is recorded as Failed and can be modified") {
  const Project p;
  const Output failed = p.mat.run({"job", "create", "-f", "spec.yaml", "--set", "lr=1e30"});
  CHECK(failed.exit_code == 1);
  CHECK(failed.err.find("mat: error: colours@V0001 failed: ") != std::string::npos);
  const Json version = p.mat.succeed({"version", "show", "colours@1", "--json"}).json();
  CHECK(version["status"] == "Failed");
  CHECK(version["status_reason"] != "");
  const Json next =
      p.mat.succeed({"version", "modify", "colours@1", "--set", "lr=0.01", "--json"}).json();
  CHECK(next["parent"] == "colours@V0001");
  CHECK(next["status"] == "Completed");
}

TEST_CASE("deleting a job frees its folder and its rows") {
  const Project p;
  p.mat.succeed({"job", "create", "-f", "spec.yaml"});
  const fs::path unknown = p.mat.home() / "jobs" / "colours" / "V0009";
  write_text(unknown / "results.txt", "of a registry that was lost");
  const Output output = p.mat.succeed({"job", "delete", "colours", "-y", "--json"});
  const Json deleted = output.json();
  CHECK(deleted["kept"] == Json::array({unknown.string()}));
  CHECK(output.err.find("kept, since it is of no recorded version: ") != std::string::npos);
  CHECK(read_file(unknown / "results.txt") == "of a registry that was lost");
  fs::remove_all(unknown.parent_path());
  CHECK(deleted["versions"] == 1);
  CHECK(deleted["bytes_freed"] > 1000);
  CHECK_FALSE(fs::exists(p.mat.home() / "jobs" / "colours"));
  CHECK(p.mat.run({"job", "show", "colours"}).exit_code == 3);
  CHECK(p.mat.succeed({"job", "list", "--json"}).json()["total"] == 0);
}

TEST_CASE("reading commands make nothing") {
  const Project p;
  const std::vector<std::vector<std::string>> reading{
      {"job", "list"},
      {"job", "show", "colours"},
      {"job", "validate", "-f", "spec.yaml"},
      {"job", "create", "-f", "spec.yaml", "--dry-run"},
      {"version", "list"},
      {"version", "list", "colours"},
      {"version", "show", "colours"},
      {"version", "diff", "colours"},
      {"version", "logs", "colours"},
      {"version", "modify", "colours", "--dry-run"},
      {"params", "list"},
      {"params", "show", "quick"},
      {"experiment", "list"},
      {"experiment", "show", "first"},
      {"algorithm", "list"},
      {"algorithm", "show", "resnet18"},
      {"doctor"},
      {"completion", "bash"},
      {"__complete", "--", "job", "show", ""},
      {"--help"},
      {"--version"}};
  for (const std::vector<std::string>& words : reading) {
    const Output output = p.mat.run(words);
    INFO("mat " << join(words, " ") << ": " << output.err);
    // What is asked for by name is not there.
    const bool names_something = output.err.find("there is no ") != std::string::npos;
    CHECK(output.exit_code == (names_something ? 3 : 0));
    CHECK_FALSE(fs::exists(p.mat.home()));
    CHECK_FALSE(fs::exists(p.folder / "user"));
  }
}

TEST_CASE("the home is the nearest .mat upward when nothing else says so") {
  Project p;
  p.mat.environment.erase("MAT_HOME");
  p.mat.succeed({"init"});
  fs::create_directories(p.folder / "deep" / "er");
  p.mat.working_directory = (p.folder / "deep" / "er").string();
  p.mat.succeed({"experiment", "create", "first"});
  CHECK(fs::exists(p.folder.path() / ".mat" / "mat.db"));
  CHECK(p.mat.succeed({"experiment", "list", "--json", "--home", (p.folder / "x").string()})
            .json()["total"] == 0);
}
