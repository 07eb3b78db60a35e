#include <cstdlib>
#include <iostream>

#include "core/base/child_process.h"
#include "core/run/run_environment.h"
#include "tests/cli/ui_fixture.h"
#include "tests/run_python.h"

namespace mat::test {
namespace {

// A home with something of everything, and `mat ui` on it: the job "shapes" with two trained
// versions, one class of which has a name that looks like HTML, the dataset "forms" of the same
// pictures, and spec files for jobs to start later.
class PageFixture : public UiFixture {
 public:
  PageFixture() {
    draw();
    mat.succeed(
        {"job", "create", "-f",
         write_spec("shapes.yaml",
                    "name: shapes\n"
                    "description: <img src=x onerror=hacked=1> four kinds of shapes\n"
                    "experiment: {name: first-look, description: a first look}\n"
                    "algorithm: small_cnn\n"
                    "inputs: {data_url: ./data}\n"
                    "hyperparameters: {epochs: 15, batch_size: 16, lr: 0.02,\n"
                    "  image_size: 24, crop_min_area: 0.8, precision: fp32, layout: contiguous}\n"
                    "resources: {type: cpu, flavor: cpu.1}\n"
                    "seed: 7\n")});
    mat.succeed({"version", "modify", "shapes@1", "--set", "optimizer=adamw", "--set", "lr=0.003"});
    mat.succeed({"dataset", "create", "forms", "./data", "--map-labels"});
    mat.succeed({"dataset", "publish", "forms", "--train-ratio", "0.75"});
    suspect();
    // Until it is stopped; its lines and one value are what pages must bear.
    write_text(folder / "code" / "noisy.sh",
               "trap 'echo ended; exit 0' TERM\n"
               "echo '<img src=x onerror=hacked=1>'\n"
               "printf '\\033[31mred\\033[0m words\\n'\n"
               "i=0\n"
               "while :; do\n"
               "  i=$((i + 1))\n"
               "  echo \"step=$i loss=$((1000 / i))\"\n"
               "  if [ $i = 3 ]; then echo 'step=3 loss=nan'; fi\n"
               "  sleep 0.1\n"
               "done\n");
    write_spec("noisy.yaml",
               "name: noisy\n"
               "algorithm: {command: [sh, noisy.sh], code: ./code}\n"
               "resources: {flavor: cpu.1}\n");
    if (const char* program = std::getenv("MAT_TENSORBOARD")) {
      mat.environment["MAT_TENSORBOARD"] = program;
    }
    start_ui();
  }

  ~PageFixture() {
    const Output boards = mat.run({"viz", "list", "--limit", "0", "--json"});
    if (boards.exit_code == 0) {
      const Json document = boards.json();
      for (const Json& board : document["visualizations"]) {
        mat.run({"viz", "stop", board["name"], "--force"});
      }
    }
    const Output listed = mat.run({"service", "list", "--limit", "0", "--json"});
    if (listed.exit_code == 0) {
      const Json document = listed.json();
      for (const Json& service : document["services"]) {
        mat.run({"service", "stop", service["name"], "--force"});
      }
    }
    mat.run({"version", "stop", "noisy", "--force"});
  }

 private:
  // One picture whose label looks wrong, as trainings of exeml leave them.
  void suspect() {
    const fs::path version = version_folder("shapes", "V0001");
    const std::string lines = read_file(version / "predictions.jsonl");
    const Json line = Json::parse(lines.substr(0, lines.find('\n')));
    const Json suspect{{"file", line["file"]},
                       {"label", line["label"]},
                       {"suggested", "star"},
                       {"suspicion", 0.7}};
    write_text(version / "label_suspects.jsonl", suspect.dump() + "\n");
  }

  void draw() {
    const fs::path data = folder / "data";
    const fs::path program =
        MatProcess::program().parent_path().parent_path() / "examples" / "draw_shapes";
    if (fs::exists(program)) {
      const ChildResult drawn = run_child(
          {program.string(), data.string(), "--classes", "4", "--per-class", "40", "--seed", "1"},
          environment_with({}), {.seconds = 60});
      REQUIRE(drawn.exit_status == 0);
    } else {
      // The fourth looks like the first, so that some answers are wrong.
      draw_pictures(data, {"circle", "square", "star", "triangle"}, 40);
    }
    for (const char* part : {"train", "val", "test", "."}) {
      if (fs::exists(data / part / "triangle")) {
        fs::rename(data / part / "triangle", data / part / "<i>triangle");
      }
    }
  }
};

}  // namespace

// On the way, screenshots are taken for the docs: under MAT_ACCEPT=1.
TEST_CASE("everything on the pages of mat ui works in a browser") {
  PageFixture f;
  std::vector<std::string> words{f.page_address, MatProcess::program(), f.mat.home(),
                                 f.folder.path().string()};
  if (std::getenv("MAT_ACCEPT") != nullptr) words.push_back(source_root() / "docs" / "ui");
  run_python("cli/ui_page.py", words, "MAT_TEST_PYTHON");
}

TEST_CASE("the pages of mat ui are accessible by what axe finds") {
  const char* axe = std::getenv("MAT_AXE");
  if (axe == nullptr) {
    std::cout << "WARNING: the pages of mat ui are not checked with axe: MAT_AXE names no axe.js"
              << std::endl;
    return;
  }
  PageFixture f;
  f.mat.succeed({"model", "create", "shapes@2", "--name", "made"});
  f.mat.succeed({"model", "alias", "made@1.0.0", "champion"});
  f.mat.succeed({"service", "deploy", "made", "--name", "here", "--detach"});
  run_python("cli/ui_axe.py", {f.page_address, axe}, "MAT_TEST_PYTHON");
}

}  // namespace mat::test
