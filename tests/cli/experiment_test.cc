#include <catch2/catch.hpp>

#include "core/algorithm/algorithm.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

TEST_CASE("an experiment groups jobs and leaves them when it goes") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  draw_pictures(folder / "data", {"green", "red"}, 8);
  write_text(folder / "spec.yaml", small_spec("colours", "./data", 1) +
                                       "experiment: {name: first, description: a look}\n");
  mat.succeed({"experiment", "create", "empty"});
  CHECK(mat.run({"experiment", "create", "empty"}).exit_code == 4);
  CHECK(mat.run({"experiment", "create", "../evil"}).exit_code == 2);
  mat.succeed({"job", "create", "-f", "spec.yaml"});
  const Json shown = mat.succeed({"experiment", "show", "first", "--json"}).json();
  CHECK(shown["description"] == "a look");
  CHECK(shown["job_count"] == 1);
  REQUIRE(shown["jobs"].size() == 1);
  CHECK(shown["jobs"][0]["name"] == "colours");
  const Json list = mat.succeed({"experiment", "list", "--json"}).json();
  CHECK(list["total"] == 2);
  CHECK(list["experiments"][1]["job_count"] == 1);
  const Output none = mat.succeed({"experiment", "list", "--filter", "name = x"});
  CHECK(none.err == "mat: no experiments: none matches the filter\n");
  CHECK(mat.succeed({"experiment", "delete", "first", "-y", "--json"}).json()["jobs_kept"] == 1);
  CHECK(mat.succeed({"job", "show", "colours", "--json"}).json()["experiment"] == nullptr);
}

TEST_CASE("algorithms are described as the spec is checked") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  const Json list = mat.succeed({"algorithm", "list", "--json"}).json();
  CHECK(list["total"] == builtin_algorithms().size());
  const Json shown = mat.succeed({"algorithm", "show", "resnet18", "--json"}).json();
  CHECK(shown["name"] == "resnet18");
  CHECK(mat.succeed({"algorithm", "show", "tabular_mlp"}).out.find("target") != std::string::npos);
  const Output unknown = mat.run({"algorithm", "show", "resnet19"});
  CHECK(unknown.exit_code == 3);
  CHECK(unknown.err.find("did you mean 'resnet18'?") != std::string::npos);
}
