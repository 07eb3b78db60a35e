#include <catch2/catch.hpp>
#include <iostream>

#include "core/base/file.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

std::string complete(const MatProcess& mat, std::vector<std::string> words) {
  words.insert(words.begin(), {"__complete", "--"});
  return mat.succeed(words).out;
}

// What a line for bash prints.
std::string in_shell(const MatProcess& mat, const std::string& line) {
  return mat.run_in_shell(line).out;
}

}  // namespace

TEST_CASE("completion offers commands, options and names of the registry") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  draw_pictures(folder / "data", {"green", "red"}, 6);
  write_text(folder / "spec.yaml", small_spec("colours", "./data", 1));
  mat.succeed({"job", "create", "-f", "spec.yaml"});
  CHECK(complete(mat, {"ver"}) == "version\n");
  CHECK(complete(mat, {"version", "sh"}) == "show\n");
  CHECK(complete(mat, {"job", "show", ""}) == "colours\n");
  CHECK(complete(mat, {"version", "show", "colours@"}) ==
        "colours@V0001\ncolours@best\ncolours@latest\n");
  CHECK(complete(mat, {"job", "create", "--dry"}) == "--dry-run\n");
  CHECK(complete(mat, {"algorithm", "show", "resnet1"}) == "resnet18\n");
  CHECK(complete(mat, {"completion", "f"}) == "fish\n");
  CHECK(complete(mat, {"pool", "show", ""}) == "public\n");
  CHECK(complete(mat, {"job", "create", "-f", "sp"}) == ":files\n");
  CHECK(complete(mat, {"job", "show", "spec"}).empty());
  CHECK(complete(mat, {"version", "list", "--sort", "acc"}) == "accuracy\n");
  CHECK(complete(mat, {"version", "list", "--filter", "'stat"}) == "status\n");
  CHECK(complete(mat, {"version", "modify", "colours", "--set", "resources.p"}) ==
        "resources.pool=\n");
  CHECK(complete(mat, {"predict", "colours", "--precision", ""}) == "auto\nbf16\nfp32\n");
  CHECK(complete(mat, {"model", "export", "x", "--format", "on"}) == "onnx\n");
  CHECK(complete(mat, {"lineage", "x", "--format", ""}) == "dot\njson\nsvg\ntext\n");
  CHECK(complete(mat, {"lineage", "da"}) == "data:\ndataset:\n");
  CHECK(complete(mat, {"lineage", "version:colours@V"}) == "version:colours@V0001\n");
  CHECK(complete(mat, {"lineage", "algorithm:resnet1"}) == "algorithm:resnet18\n");
}

TEST_CASE("completion looks into the home that the line names") {
  const TemporaryFolder folder;
  MatProcess mat(folder);
  const std::string other = (folder / "user/other").string();
  mat.succeed({"--home", other, "experiment", "create", "elsewhere"});
  CHECK(complete(mat, {"experiment", "show", ""}).empty());
  CHECK(complete(mat, {"--home", other, "experiment", "show", ""}) == "elsewhere\n");
  CHECK(complete(mat, {"--home=" + other, "experiment", "show", ""}) == "elsewhere\n");
  CHECK(complete(mat, {"experiment", "--home", other, "show", ""}) == "elsewhere\n");
  CHECK(complete(mat, {"experiment", "show", "--home", "~/other", "e"}) == "elsewhere\n");
  CHECK(complete(mat, {"experiment", "show", "--home", ""}) == ":files\n");
}

TEST_CASE("bash completes with the printed script") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  const std::string out =
      in_shell(mat,
               "bash --norc -c 'source <(mat completion bash); COMP_LINE=\"mat version li\"; "
               "COMP_POINT=${#COMP_LINE}; _mat; echo \"${COMPREPLY[@]}\"' 2>&1");
  CHECK(out == "list\n");
}

TEST_CASE("bash completes what follows an '@' or a ':', where it begins a new word") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  const auto completed = [&](const std::string& breaks) {
    return in_shell(mat, "bash --norc -c 'source <(mat completion bash); COMP_WORDBREAKS=\"" +
                             breaks +
                             "\"; COMP_LINE=\"mat lineage algorithm:resnet1\"; "
                             "COMP_POINT=${#COMP_LINE}; _mat; echo \"${COMPREPLY[@]}\"' 2>&1");
  };
  CHECK(completed(" @:=") == "resnet18\n");
  CHECK(completed(" @=") == "algorithm:resnet18\n");
}

TEST_CASE("zsh and fish accept their scripts") {
  const TemporaryFolder folder;
  const MatProcess mat(folder);
  for (const std::string shell : {"zsh", "fish"}) {
    if (in_shell(mat, "command -v " + shell).empty()) {
      std::cerr << "WARNING: skipped, " << shell << " is not installed\n";
      continue;
    }
    const std::string check =
        "mat completion " + shell + " > script && " + shell + " -n script && echo accepted 2>&1";
    CHECK(in_shell(mat, check) == "accepted\n");
  }
  CHECK(mat.run({"completion", "tcsh"}).exit_code == 2);
}
