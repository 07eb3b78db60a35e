#include <catch2/catch.hpp>

#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

struct SavedParams {
  TemporaryFolder folder;
  MatProcess mat{folder};

  SavedParams() {
    draw_pictures(folder / "data", {"green", "red"}, 8);
    write_text(folder / "spec.yaml", small_spec("colours", "./data", 1));
    mat.succeed({"job", "create", "-f", "spec.yaml", "--set", "environment.COLOUR=yes"});
    mat.succeed({"params", "save", "colours@V0001", "quick", "--description", "one epoch"});
  }
};

}  // namespace

TEST_CASE("a job is trained from a saved configuration alone") {
  const SavedParams s;
  const Json version =
      s.mat.succeed({"job", "create", "--params", "quick", "--name", "again", "--json"}).json();
  CHECK(version["reference"] == "again@V0001");
  CHECK(version["settings"]["hyperparameters.epochs"]["value"] == 1);
  CHECK(version["settings"]["hyperparameters.epochs"]["source"] == "params quick");
  CHECK(version["settings"]["environment.COLOUR"]["value"] == "yes");
}

TEST_CASE("default < configuration < spec < --set") {
  const SavedParams s;
  s.mat.succeed({"params", "edit", "quick", "--set", "momentum=0.5", "--set", "lr=0.2"});
  const Output output = s.mat.succeed({"job", "create", "-f", "spec.yaml", "--params", "quick",
                                       "--set", "batch_size=4", "--dry-run", "--json"});
  const Json settings = output.json();
  CHECK(settings["hyperparameters.momentum"]["value"] == 0.5);
  CHECK(settings["hyperparameters.momentum"]["source"] == "params quick");
  CHECK(settings["hyperparameters.lr"]["value"] == 0.05);
  CHECK(settings["hyperparameters.lr"]["source"] == "spec");
  CHECK(settings["hyperparameters.batch_size"]["value"] == 4);
  CHECK(settings["hyperparameters.batch_size"]["source"] == "--set");
  CHECK(settings["hyperparameters.nesterov"]["source"] == "algorithm");
}

TEST_CASE("a configuration is listed, shown, edited and deleted") {
  const SavedParams s;
  const Json list = s.mat.succeed({"params", "list", "--json"}).json();
  CHECK(list["total"] == 1);
  CHECK(list["params"][0]["origin"] == "colours@V0001");
  CHECK_FALSE(list["params"][0]["settings"].contains("name"));
  CHECK_FALSE(list["params"][0]["settings"].contains("seed"));
  const Json edited =
      s.mat.succeed({"params", "edit", "quick", "--description", "new", "--json"}).json();
  CHECK(edited["description"] == "new");
  CHECK(s.mat.run({"params", "save", "colours", "quick"}).exit_code == 4);
  CHECK(s.mat.run({"params", "edit", "quick", "--set", "lr=-1"}).exit_code == 2);
  CHECK(s.mat.run({"params", "edit", "quick", "--set", "lrr=1"}).exit_code == 2);
  const Output renamed = s.mat.run({"params", "edit", "quick", "--name", "slow"});
  CHECK(renamed.exit_code == 2);
  CHECK(renamed.err.find("cannot be changed") != std::string::npos);
  const Output deleted = s.mat.succeed({"params", "delete", "quick", "-y"});
  CHECK(deleted.err.find("cannot be recovered") != std::string::npos);
  CHECK(s.mat.run({"params", "show", "quick"}).exit_code == 3);
}
