#include <catch2/catch.hpp>
#include <regex>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

// flowers@V001 → demo@1 → demo@2 → the configuration base → other@1.
class Lineage {
 public:
  Lineage() : mat(folder) {
    draw_pictures(folder / "data", {"green", "red"}, 4);
    write_text(folder / "spec.yaml",
               "name: demo\nalgorithm: {command: [sh, -c, 'echo done']}\nexperiment: first\n"
               "inputs: {data_url: {dataset: flowers}}\n");
    mat.succeed({"dataset", "create", "flowers", "data"});
    mat.succeed({"dataset", "publish", "flowers"});
    mat.succeed({"job", "create", "-f", "spec.yaml"});
    mat.succeed({"version", "modify", "demo@1", "--set", "environment.A=2"});
    mat.succeed({"params", "save", "demo@2", "base"});
    mat.succeed({"job", "create", "--params", "base", "--name", "other"});
  }

  std::string shown(const std::vector<std::string>& words) const {
    std::vector<std::string> all{"lineage"};
    all.insert(all.end(), words.begin(), words.end());
    return std::regex_replace(mat.succeed(all).out, std::regex(R"(\d\d-\d\d \d\d:\d\d(:\d\d)?)"),
                              "TIME");
  }

  TemporaryFolder folder;
  MatProcess mat;
};

}  // namespace

TEST_CASE("what people see of a lineage is as it was accepted, before and after a deletion") {
  const Lineage home;
  std::string text;
  for (const char* reference : {"demo@2", "dataset:flowers@V001", "params:base", "job:demo"}) {
    text += std::string("$ mat lineage ") + reference + "\n" + home.shown({reference}) + "\n";
  }
  home.mat.succeed({"job", "delete", "demo", "-y"});
  home.mat.succeed({"params", "delete", "base", "-y"});
  home.mat.succeed({"dataset", "delete", "flowers", "-y"});
  text += "$ mat lineage other\n" + home.shown({"other"}) + "\n";
  text += "$ mat lineage demo --up\n" + home.shown({"demo", "--up"});
  check_golden("lineage.txt", text);
}

TEST_CASE("a lineage begins at a path, also from the working directory") {
  const Lineage home;
  write_text(home.folder / "plain.yaml",
             "name: plain\nalgorithm: {command: [sh, -c, 'echo done']}\n"
             "inputs: {data_url: ./data}\n");
  home.mat.succeed({"job", "create", "-f", "plain.yaml"});
  const std::string absolute = home.shown({"data:" + (home.folder / "data").string()});
  CHECK(absolute.find("plain@V0001") != std::string::npos);
  CHECK(home.shown({"data:data"}) == absolute);
}

TEST_CASE("lineage writes JSON, dot and svg, to stdout or into a file") {
  const Lineage home;
  const Json json = home.mat.succeed({"lineage", "demo@2", "--json"}).json();
  CHECK(json == home.mat.succeed({"lineage", "demo@2", "--format", "json"}).json());
  CHECK(json["start"] == json["nodes"][0]["id"]);
  CHECK(json["nodes"][0]["name"] == "demo@V0002");
  CHECK(json["nodes"][0]["experiment"] == "first");
  CHECK(json["nodes"].size() == 6);
  CHECK(json["edges"].size() == 7);
  // A node's reference and its id are taken as what to begin with.
  for (const char* name : {"reference", "id"}) {
    const auto word = json["nodes"][1][name].get<std::string>();
    CHECK(home.mat.succeed({"lineage", word, "--json"}).json()["start"] == json["nodes"][1]["id"]);
  }
  CHECK(home.mat.succeed({"lineage", "demo@2", "--format", "dot"}).out.find("digraph") == 0);
  CHECK(home.mat.succeed({"lineage", "demo@2", "--format", "svg", "--out", "x.svg"}).out.empty());
  CHECK(read_file_if_exists(home.folder / "x.svg", 1 << 20).value_or("").find("<svg") == 0);
}

TEST_CASE("lineage on a terminal stands out by colour and keeps to its width") {
  Lineage home;
  home.mat.environment["TERM"] = "xterm";
  const std::string wide = home.mat.run_on_terminal({"lineage", "demo@2"}, 200).out;
  CHECK(wide.find("\x1b[1mdemo@V0002\x1b[0m") != std::string::npos);
  const std::string narrow = std::regex_replace(
      home.mat.run_on_terminal({"lineage", "demo@2"}, 50).out, std::regex("\x1b\\[[0-9]*m"), "");
  for (const std::string& line : split(narrow, '\n')) CHECK(display_width(line) <= 50);
}

TEST_CASE("lineage says what is wrong with a reference") {
  const Lineage home;
  const Output other = home.mat.run({"lineage", "flowers"});
  CHECK(other.exit_code == 3);
  CHECK(other.err.find("mat lineage dataset:flowers") != std::string::npos);
  CHECK(home.mat.run({"lineage", "job:demi"}).err.find("did you mean 'demo'?") !=
        std::string::npos);
  CHECK(home.mat.run({"lineage", "x:y"}).exit_code == 2);
  const Output nowhere = home.mat.run({"lineage", "data:./nowhere"});
  CHECK(nowhere.exit_code == 3);
  CHECK(nowhere.err.find("nothing was made from './nowhere'") != std::string::npos);
  CHECK(home.mat.run({"lineage", "demo@2", "--format", "png"}).exit_code == 2);
  CHECK(home.mat.run({"lineage", "demo@2", "--format", "svg", "-o", "no/x.svg"}).exit_code == 3);
}
