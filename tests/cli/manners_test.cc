#include <catch2/catch.hpp>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/cli/mat_process.h"

using namespace mat;
using namespace mat::test;

namespace {

namespace fs = std::filesystem;

// A job of one's own command, which trains nothing and ends at once.
struct Project {
  TemporaryFolder folder;
  MatProcess mat{folder};

  void write_spec(const std::string& name, const std::string& script) const {
    write_text(folder / (name + ".yaml"), "name: " + name + "\nalgorithm: {command: [sh, -c, \"" +
                                              script + "\"]}\nresources: {flavor: cpu.1}\n");
  }
  Output create(const std::string& name, const std::string& script = "true") const {
    write_spec(name, script);
    return mat.succeed({"job", "create", "-f", name + ".yaml"});
  }
};

}  // namespace

TEST_CASE("a list of all versions names their jobs, also when there is one job only") {
  const Project p;
  p.create("first");
  const std::string all = p.mat.succeed({"version", "list"}).out;
  CHECK(has(all, "REFERENCE"));
  CHECK(has(all, "first@V0001"));
  CHECK_FALSE(has(p.mat.succeed({"version", "list", "first"}).out, "first@V0001"));
}

TEST_CASE("rows of lists fit a terminal of 80 columns") {
  Project p;
  p.mat.environment["NO_COLOR"] = "1";
  p.create("a-job-with-quite-a-long-name-of-its-own");
  p.mat.succeed({"version", "modify", "a-job-with-quite-a-long-name-of-its-own", "--set",
                 "environment.LONG=" + std::string(150, 'x')});
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"version", "list"},
        {"job", "list"},
        {"version", "diff", "a-job-with-quite-a-long-name-of-its-own", "--all"}}) {
    const std::string shown = p.mat.run_on_terminal(words).out;
    CHECK(has(shown, "a-job-with"));
    for (const std::string& line : split(shown, '\n')) {
      CAPTURE(line);
      // What does not fit is named on stderr, in a line of its own.
      CHECK((line.rfind("mat: ", 0) == 0 || display_width(line) <= 80));
    }
  }
}

TEST_CASE("the result stands on a line of its own after output without a line break") {
  const Project p;
  p.write_spec("open", "printf half");
  const Output both = p.mat.run_in_shell("mat job create -f open.yaml 2>&1");
  CHECK(has(both.out, "half\nopen@V0001  Completed"));
}

TEST_CASE("without a terminal nothing is deleted unasked") {
  const Project p;
  p.create("first");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"job", "delete", "first"}, {"version", "delete", "first@1"}}) {
    const Output output = p.mat.run(words);
    CHECK(output.exit_code == 2);
    CHECK(has(output.err, "hint: -y"));
  }
  CHECK(p.mat.succeed({"version", "list", "--json"}).json()["total"] == 1);
  const Output wrong = p.mat.run({"job", "delete", "first@1", "-y"});
  CHECK(wrong.exit_code == 2);
  CHECK(has(wrong.err, "mat version delete first@1"));
}

TEST_CASE("what changes only what is there makes no home") {
  const Project p;
  for (const std::vector<std::string>& words : {std::vector<std::string>{"version", "stop", "a@1"},
                                                {"version", "wait", "a@1"},
                                                {"version", "resume", "a@1"},
                                                {"version", "delete", "a@1", "-y"},
                                                {"job", "delete", "a", "-y"},
                                                {"params", "save", "a@1", "b"}}) {
    CAPTURE(words[0], words[1]);
    CHECK(p.mat.run(words).exit_code == 3);
    CHECK_FALSE(fs::exists(p.mat.home()));
  }
}

TEST_CASE("a home that somebody names and that is not there is told of by what looks into it") {
  Project p;
  const std::string named = (p.folder / "typo").string();
  CHECK(has(p.mat.succeed({"--home", named, "exeml", "list"}).err,
            "mat: the home '" + named + "' (--home) does not exist\n"));
  const Output missing = p.mat.run({"version", "show", "a"});
  CHECK(missing.exit_code == 3);
  CHECK(has(missing.err, "($MAT_HOME) does not exist"));
  CHECK_FALSE(has(p.create("first").err, "does not exist"));
  CHECK(p.mat.succeed({"version", "list"}).err == "");
}

TEST_CASE("the example of a filter in the help of a list works in that list") {
  const Project p;
  p.create("first");
  for (const char* list : {"algorithm", "dataset", "exeml", "experiment", "job", "model", "params",
                           "service", "viz"}) {
    const std::string help = p.mat.succeed({list, "list", "--help"}).out;
    const std::size_t begin = help.find("For example '") + std::string("For example '").size();
    const std::string example = help.substr(begin, help.find('\'', begin) - begin);
    CAPTURE(list, example);
    CHECK(p.mat.run({list, "list", "--filter", example}).exit_code == 0);
  }
}

TEST_CASE("a number that is none is told in a few words") {
  const Project p;
  for (const char* number : {"-1", "abc", "99999999999999999999"}) {
    const Output output = p.mat.run({"version", "list", "--limit", number});
    CHECK(output.exit_code == 2);
    CHECK(has(output.err, "--limit: must be a whole number, 0 or more\n"));
  }
  CHECK(has(p.mat.run({"version", "logs", "a@1", "--tail", "0"}).err,
            "must be a whole number, 1 or more\n"));
}

TEST_CASE("a pool or an input that is not there is told with its place in the spec") {
  const Project p;
  p.write_spec("first", "true");
  write_text(p.folder / "far.yaml",
             read_file(p.folder / "first.yaml") + "inputs: {x: ./nowhere}\n");
  const Output missing = p.mat.run({"job", "create", "-f", "far.yaml"});
  CHECK(missing.exit_code == 3);
  CHECK(has(missing.err, "far.yaml:4:13: inputs.x: "));
  write_text(p.folder / "far.yaml",
             "name: far\nalgorithm: {command: [sh]}\nresources: {pool: far}\n");
  const Output pool = p.mat.run({"job", "validate", "-f", "far.yaml"});
  CHECK(pool.exit_code == 3);
  CHECK(has(pool.err, "far.yaml:3:19: there is no pool 'far'"));
  CHECK(has(p.mat.run({"job", "create", "-f", "first.yaml", "--set", "resources.flavor=huge"}).err,
            "--set: the pool public has no flavor 'huge'"));
}

TEST_CASE("a path that is not there is not found, whatever it was named for") {
  const Project p;
  p.create("first");
  write_text(p.folder / "far.yaml",
             read_file(p.folder / "first.yaml") + "inputs: {x: ./nowhere}\n");
  write_text(p.folder / "code.yaml", "name: code\ncommand: [sh]\ncode: ./nowhere\n");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"job", "create", "-f", "nowhere.yaml"},
           {"job", "create", "-f", "first.yaml/nowhere"},
           {"job", "create", "-f", "first.yaml", "--set", "inputs.x=nowhere"},
           {"job", "create", "-f", "far.yaml", "--detach"},
           {"job", "validate", "-f", "far.yaml"},
           {"algorithm", "create", "-f", "nowhere.yaml"},
           {"algorithm", "create", "-f", "code.yaml"},
           {"dataset", "create", "d", "nowhere"},
           {"dataset", "create", "d", "first.yaml/nowhere"},
           {"dataset", "check", "./no/where"},
           {"exeml", "train", "./no/where", "--project", "e"},
           {"exeml", "train", "nowhere", "--project", "e"},
           {"model", "import", "nowhere.pt", "--name", "m"},
           {"model", "import", "first.yaml/nowhere.pt", "--name", "m"},
           {"model", "import", "first.yaml", "--name", "m", "--classes", "@nowhere"},
           {"service", "deploy", "first", "--token-file", "nowhere"},
           {"service", "predict", "s", "--dir", "nowhere"},
           {"lineage", "first", "-o", "nowhere/x.svg"},
           {"version", "plot", "first", "--svg", "nowhere/x.svg"}}) {
    const Output missing = p.mat.run(words);
    INFO(join(words, " ") << "\n" << missing.err);
    CHECK(missing.exit_code == 3);
    CHECK(has(missing.err, "there is no "));
    CHECK(has(missing.err, "where"));
  }
  CHECK(p.mat.succeed({"dataset", "list", "--json"}).json()["total"] == 0);
  CHECK(p.mat.succeed({"job", "list", "--json"}).json()["total"] == 1);
}

TEST_CASE("help, the version and a spec from stdin are had in the usual ways") {
  const Project p;
  p.write_spec("first", "true");
  CHECK(p.mat.succeed({"help"}).out == p.mat.succeed({"--help"}).out);
  CHECK(p.mat.succeed({"help", "job", "create"}).out ==
        p.mat.succeed({"job", "create", "--help"}).out);
  CHECK(has(p.mat.succeed({"job", "create", "--help"}).out, "Usage: mat job create"));
  CHECK(p.mat.succeed({"-V"}).out == p.mat.succeed({"--version"}).out);
  const Output piped = p.mat.run_in_shell("mat job create -f - < first.yaml");
  CHECK(piped.exit_code == 0);
  CHECK(has(piped.out, "first@V0001  Completed"));
}

TEST_CASE("a log is had as a document") {
  const Project p;
  p.create("first", "echo one; echo two; echo three");
  const Json log =
      p.mat.succeed({"version", "logs", "first", "--grep", "^t", "--tail", "2", "--json"}).json();
  CHECK(log["reference"] == "first@V0001");
  CHECK(log["lines"] == Json::array({"two", "three"}));
  CHECK(p.mat.run({"version", "logs", "first", "-f", "--json"}).exit_code == 2);
}

TEST_CASE("init makes the home that MAT_HOME names") {
  const Project p;
  CHECK(p.mat.succeed({"init", "--json"}).json()["home"] == p.mat.home().string());
  CHECK_FALSE(fs::exists(p.folder / ".mat"));
  const Output other = p.mat.succeed({"init", "there"});
  CHECK(fs::exists(p.folder / "there/.mat/mat.db"));
  CHECK(has(other.err, "other commands use $MAT_HOME"));
}
