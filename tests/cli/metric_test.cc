#include <catch2/catch.hpp>

#include "core/base/file.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

TEST_CASE("a command inside a run records a point of a metric") {
  TemporaryFolder folder;
  MatProcess mat(folder);
  mat.environment["MAT_METRICS_FILE"] = (folder / "metrics.jsonl").string();
  CHECK(mat.succeed({"metric", "log", "accuracy", "0.9", "--step", "3"}).out.empty());
  mat.succeed({"metric", "log", "val/loss", "-1.5e-3"});
  mat.succeed({"metric", "log", "f1", "nan"});
  CHECK(read_file(folder / "metrics.jsonl") ==
        "{\"name\": \"accuracy\", \"value\": 0.9, \"step\": 3}\n"
        "{\"name\": \"val/loss\", \"value\": -0.0015}\n"
        "{\"name\": \"f1\", \"value\": NaN}\n");
  const Json shown = mat.succeed({"metric", "log", "f1", "0.5", "--step", "-1", "--json"}).json();
  CHECK(shown == Json{{"name", "f1"}, {"value", 0.5}, {"step", -1}});
  CHECK(mat.succeed({"metric", "log", "f1", "inf", "--json"}).json()["value"] == "inf");
}

TEST_CASE("a metric that cannot be recorded is refused") {
  TemporaryFolder folder;
  MatProcess mat(folder);
  const Output outside = mat.run({"metric", "log", "accuracy", "0.9"});
  CHECK(outside.exit_code == 2);
  CHECK(outside.err.find("is for a command that mat runs") != std::string::npos);
  mat.environment["MAT_METRICS_FILE"] = (folder / "metrics.jsonl").string();
  CHECK(mat.run({"metric", "log", "accuracy", "high"}).exit_code == 2);
  CHECK(mat.run({"metric", "log", "no name", "1"}).exit_code == 2);
  CHECK(mat.run({"metric", "log", "accuracy", "1", "--step", "x"}).exit_code == 2);
  CHECK(mat.run({"metric", "log", "accuracy"}).exit_code == 2);
  mat.environment["MAT_METRICS_FILE"] = (folder / "none" / "metrics.jsonl").string();
  CHECK(mat.run({"metric", "log", "accuracy", "1"}).exit_code == 5);
}
