#include <cmath>

#include "tests/cli/lifecycle_fixture.h"

namespace mat::test {
namespace {

std::string seeds_spec(int epochs, int seeds) {
  return small_spec("colours", "./data", epochs) + "seeds: " + std::to_string(seeds) + "\n";
}

Json evaluation_in(const fs::path& folder) {
  return parse_json(read_file(folder / "evaluation.json"), "evaluation.json");
}

}  // namespace

TEST_CASE("several seeds give one version with mean and deviation, shown wherever it is") {
  Fixture f;
  draw_pictures(f.folder / "data", {"green", "red"}, 8);
  const std::string spec = f.write_spec("job.yaml", seeds_spec(2, 3));
  const std::string trained = f.mat.succeed({"job", "create", "-f", spec}).out;
  CHECK(trained.find(" ± ") != std::string::npos);
  const fs::path folder = f.version_folder("colours", "V0001");
  const Json whole = evaluation_in(folder);
  REQUIRE(whole["seeds"].size() == 3);
  double sum = 0;
  for (const Json& one : whole["seeds"]) {
    const std::string seed = std::to_string(one["seed"].get<int>());
    const Json own = evaluation_in(folder / "seeds" / seed);
    CHECK(own["loss"] == one["loss"]);
    sum += own["loss"].get<double>();
  }
  CHECK(whole["loss"].get<double>() == Approx(sum / 3));
  CHECK(whole["deviation"]["loss"].get<double>() > 0);
  const std::string best = std::to_string(whole["best_seed"].get<int>());
  for (const char* file : {"output/best.safetensors", "predictions.jsonl"}) {
    CHECK(read_file(folder / file) == read_file(folder / "seeds" / best / file));
  }
  CHECK_FALSE(fs::exists(folder / "checkpoint"));
  CHECK(f.mat.succeed({"version", "show", "colours"})
            .out.find("evaluation of seed " + best + ", the best of 3\n") != std::string::npos);

  const Json shown = f.mat.succeed({"version", "show", "colours", "--json"}).json();
  CHECK(shown["accuracy"] == whole["accuracy"]);
  CHECK(shown["metrics"]["loss"]["best"] == whole["loss"]);
  CHECK(shown["metrics"]["loss_deviation"]["best"] == whole["deviation"]["loss"]);
  const Json watched = f.mat.succeed({"version", "watch", "colours", "--json"}).json();
  const Json& metric = watched["versions"][0]["metric"];
  CHECK(metric["name"] == "accuracy");
  CHECK(metric["best"] == shown["metrics"]["accuracy"]["best"]);
  CHECK(metric["last"] == shown["metrics"]["accuracy"]["last"]);
  for (const auto& words : {std::vector<std::string>{"version", "list", "colours"},
                            {"version", "show", "colours"},
                            {"job", "show", "colours"}}) {
    CHECK(f.mat.succeed(words).out.find(" ± ") != std::string::npos);
  }
  CHECK(f.mat.succeed({"version", "list", "--filter", "loss_deviation > 0 and seeds = 3"})
            .out.find("colours@V0001") != std::string::npos);

  f.mat.succeed({"version", "modify", "colours@1", "--set", "seeds=1"});
  const Output diff = f.mat.succeed({"version", "diff", "colours"});
  CHECK(diff.out.find(" ± ") != std::string::npos);
  CHECK(diff.out.find("\n  seeds ") != std::string::npos);
  CHECK(diff.out.find("_deviation") == std::string::npos);
  CHECK(diff.out.find("V0001 with its best seed, " + best) != std::string::npos);
  // A single seed is one of the three, to the last bit.
  CHECK(read_file(f.version_folder("colours", "V0002") / "output/best.safetensors") ==
        read_file(folder / "seeds" / std::to_string(shown["settings"]["seed"]["value"].get<int>()) /
                  "output/best.safetensors"));
}

TEST_CASE("a stop ends all seeds, and a resumed run comes to the same result") {
  Fixture f;
  draw_pictures(f.folder / "data", {"green", "red"}, 40);
  const std::string spec = f.write_spec("job.yaml", seeds_spec(120, 3));
  f.mat.succeed({"job", "create", "-f", spec});
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  const fs::path folder = f.version_folder("colours", "V0002");
  REQUIRE(wait_until([&] {
    const std::string log = read_file_if_exists(folder / "log.txt").value_or("");
    const auto second = log.find(" begins, 2 of 3");
    return second != std::string::npos && log.find("epoch 2/", second) != std::string::npos;
  }));
  f.mat.succeed({"version", "stop", "colours@2"});
  REQUIRE(f.status("colours@2") == "Terminated");
  const auto done = fs::last_write_time(folder / "seeds" / "7" / "result.json");
  CHECK(f.mat.run({"version", "resume", "colours@2"}).exit_code == 0);
  CHECK(fs::last_write_time(folder / "seeds" / "7" / "result.json") == done);
  CHECK(read_file(folder / "evaluation.json") ==
        read_file(f.version_folder("colours", "V0001") / "evaluation.json"));
  CHECK(read_file(folder / "output/best.safetensors") ==
        read_file(f.version_folder("colours", "V0001") / "output/best.safetensors"));
}

TEST_CASE("a command of one's own has one seed") {
  Fixture f;
  const std::string spec =
      f.write_spec("job.yaml", command_spec("c", "[sh, -c, \"true\"]", "seeds: 3\n"));
  const Output refused = f.mat.run({"job", "create", "-f", spec});
  CHECK(refused.exit_code == 2);
  CHECK(refused.err.find("job.yaml:3:8: seeds must be 1") != std::string::npos);
  CHECK(f.mat.run({"job", "create", "-f", spec, "--set", "seeds=101"}).exit_code == 2);
}

}  // namespace mat::test
