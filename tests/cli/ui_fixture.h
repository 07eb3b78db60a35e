#pragma once

#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "core/base/child_process.h"
#include "core/run/run_environment.h"
#include "tests/cli/lifecycle_fixture.h"

namespace mat::test {

// A home with something of everything, and `mat ui` on it: the job "shapes" with two trained
// versions, one class of which has a name that looks like HTML, the dataset "forms" of the same
// pictures, and spec files for jobs to start later.
class UiFixture : public Fixture {
 public:
  UiFixture() {
    draw();
    mat.succeed({"job", "create", "-f",
                 write_spec("shapes.yaml",
                            "name: shapes\n"
                            "description: <img src=x onerror=hacked=1> four kinds of shapes\n"
                            "experiment: {name: first-look, description: a first look}\n"
                            "algorithm: small_cnn\n"
                            "inputs: {data_url: ./data}\n"
                            "hyperparameters: {epochs: 12, batch_size: 8, lr: 0.02,\n"
                            "  image_size: 24, precision: fp32, layout: contiguous}\n"
                            "resources: {type: cpu, flavor: cpu.1}\n"
                            "seed: 7\n")});
    mat.succeed({"version", "modify", "shapes@1", "--set", "optimizer=adamw", "--set", "lr=0.003"});
    mat.succeed({"dataset", "create", "forms", "./data"});
    mat.succeed({"dataset", "publish", "forms", "--train-ratio", "0.75"});
    // Until it is stopped; its lines and a metric's value are what pages must bear.
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
    server_ = mat.start({"ui", "--json", "--port", "0"});
    REQUIRE(wait_until([&] { return !parsed_address().empty(); }));
  }

  ~UiFixture() {
    const Output listed = mat.run({"service", "list", "--limit", "0", "--json"});
    if (listed.exit_code == 0) {
      const Json document = listed.json();
      for (const Json& service : document["services"]) {
        mat.run({"service", "stop", service["name"], "--force"});
      }
    }
    mat.run({"version", "stop", "noisy", "--force"});
    ::kill(server_, SIGINT);
    mat.wait_for(server_);
  }

  // With its token, as a person opens it.
  std::string address() const { return parsed_address(); }

 private:
  void draw() {
    const fs::path program = MatProcess::program().parent_path().parent_path() / "examples" /
                             "draw_shapes";
    if (fs::exists(program)) {
      const ChildResult drawn =
          run_child({program.string(), (folder / "data").string(), "--classes", "4",
                     "--per-class", "16", "--seed", "1"},
                    environment_with({}), {.seconds = 60});
      REQUIRE(drawn.exit_status == 0);
    } else {
      // The fourth looks like the first: some answers are wrong.
      draw_pictures(folder / "data", {"circle", "square", "star", "triangle"}, 16);
    }
    for (const fs::path& part : {"train", "val", "."}) {
      const fs::path from = folder / "data" / part / "triangle";
      if (fs::exists(from)) fs::rename(from, folder / "data" / part / "<i>triangle");
    }
  }

  std::string parsed_address() const {
    const Json document =
        Json::parse(read_file_if_exists(folder / "out").value_or(""), nullptr, false);
    return document.is_object() ? document.value("address", std::string()) : "";
  }

  pid_t server_ = -1;
};

}  // namespace mat::test
