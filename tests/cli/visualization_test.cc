#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "core/base/error.h"
#include "core/http/client.h"
#include "core/metrics/event_file.h"
#include "tests/cli/lifecycle_fixture.h"
#include "tests/run_python.h"

namespace mat::test {
namespace {

// Answers as TensorBoard does when it is ready, with the names of what it shows, and leaves a
// process behind if nobody sees to it.
constexpr const char* kFakeTensorBoard = R"(#!/usr/bin/env python3
import http.server, json, os, subprocess, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
with open(os.path.join(os.path.dirname(__file__), "pids"), "a") as file:
    file.write(f"{os.getpid()} {child.pid}\n")
print("it begins", flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(sorted(os.listdir(given["--logdir"]))).encode())
http.server.HTTPServer((given["--host"], int(given["--port"])), Handler).serve_forever()
)";

bool is_alive(int pid) { return ::kill(pid, 0) == 0; }

class VisualizationFixture : public Fixture {
 public:
  VisualizationFixture() {
    use(kFakeTensorBoard);
    make_version();
  }
  // Whatever a test has left running would outlive it.
  ~VisualizationFixture() {
    const Output listed = mat.run({"viz", "list", "--limit", "0", "--json"});
    if (listed.exit_code != 0) return;
    const Json document = listed.json();
    for (const Json& each : document["visualizations"]) {
      mat.run({"viz", "stop", each["name"], "--force"});
    }
  }

  void use(const std::string& program) {
    const fs::path path = folder / "bin" / "board";
    write_text(path, program);
    fs::permissions(path, fs::perms::owner_all);
    mat.environment["MAT_TENSORBOARD"] = path.string();
  }
  bool use_tensorboard() {
    const char* program = std::getenv("MAT_TENSORBOARD");
    if (program == nullptr) {
      std::cout << "WARNING: not checked with TensorBoard: MAT_TENSORBOARD names none" << std::endl;
      return false;
    }
    mat.environment["MAT_TENSORBOARD"] = program;
    return true;
  }
  void make_version(const std::string& job = "m") {
    const std::string spec = write_spec(job + ".yaml", command_spec(job, R"(["true"])"));
    mat.succeed({"job", "create", "-f", spec});
  }

  Json create(std::vector<std::string> words) const {
    words.insert(words.begin(), {"viz", "create", "--json"});
    return mat.succeed(words).json();
  }
  Json show(const std::string& name) const {
    return mat.succeed({"viz", "show", name, "--json"}).json();
  }
  bool becomes(const std::string& name, const std::string& wanted) const {
    return wait_until([&] { return show(name)["status"] == wanted; });
  }
  // Of TensorBoard and what it has started, in all its starts.
  std::vector<int> pids() const {
    std::vector<int> found;
    std::ifstream file(folder / "bin" / "pids");
    for (int pid = 0; file >> pid;) found.push_back(pid);
    return found;
  }
  bool all_have_ended() const {
    return wait_until([&] {
      const std::vector<int> all = pids();
      return std::none_of(all.begin(), all.end(), is_alive);
    });
  }
  static std::string get(const std::string& address, const std::string& target = "/") {
    HttpRequest request;
    request.method = "GET";
    request.target = target;
    return send_http(address, request, 30).body;
  }
};

}  // namespace

TEST_CASE("a visualization shows versions by their references until it is stopped") {
  VisualizationFixture f;
  f.make_version();
  const Json made = f.create({"m@1", "m@latest", "m@V0001", "--name", "both"});
  CHECK(made["status"] == "Running");
  CHECK(made["versions"] == Json{"m@V0001", "m@V0002"});
  CHECK(made["settings"]["auto_stop_s"] == 4 * 3600);
  CHECK(VisualizationFixture::get(made["address"]) == R"(["m@V0001", "m@V0002"])");
  CHECK(read_file(made["log"].get<std::string>()).find("it begins") != std::string::npos);

  const Output running = f.mat.run({"version", "delete", "m@1", "-y"});
  CHECK(running.exit_code == 4);
  CHECK(running.err.find("m@V0001 is shown by the visualization both") != std::string::npos);
  CHECK(f.mat.run({"job", "delete", "m", "-y"}).exit_code == 4);
  CHECK(f.mat.run({"viz", "delete", "both", "-y"}).exit_code == 4);
  CHECK(f.mat.run({"viz", "start", "both"}).exit_code == 4);

  const Output stopped = f.mat.succeed({"viz", "stop", "both"});
  CHECK(stopped.out == "both is Terminated: stopped by the user\n");
  CHECK(f.pids().size() == 2);
  CHECK(f.all_have_ended());
  CHECK(f.show("both")["address"].is_null());
  CHECK(f.mat.run({"viz", "stop", "both"}).exit_code == 4);

  // What has gone meanwhile is left out, and all of it is nothing to start.
  f.mat.succeed({"version", "delete", "m@1", "-y"});
  f.mat.succeed({"viz", "start", "both"});
  CHECK(VisualizationFixture::get(f.show("both")["address"]) == R"(["m@V0002"])");
  f.mat.succeed({"viz", "stop", "both", "--force"});
  CHECK(f.show("both")["reason"] == "killed by the user");
  CHECK(f.all_have_ended());
  f.mat.succeed({"job", "delete", "m", "-y"});
  CHECK(f.mat.run({"viz", "start", "both"}).exit_code == 3);
  f.mat.succeed({"viz", "delete", "both", "-y"});
  CHECK_FALSE(fs::exists(f.mat.home() / "visualizations" / "both"));
}

TEST_CASE("several visualizations run at once, each with a name of its own, and are listed") {
  VisualizationFixture f;
  const Json first = f.create({"m"}), second = f.create({"m@1", "--auto-stop", "never"});
  CHECK(first["name"] == "m");
  CHECK(second["name"] == "m-2");
  CHECK(first["address"] != second["address"]);
  CHECK(second["settings"]["auto_stop_s"].is_null());
  CHECK(f.mat.run({"viz", "create", "m", "--name", "m"}).exit_code == 4);
  f.mat.succeed({"viz", "stop", "m"});
  CHECK_FALSE(VisualizationFixture::get(second["address"]).empty());
  const Json listed =
      f.mat.succeed({"viz", "list", "--filter", "status = Running", "--json"}).json();
  REQUIRE(listed["visualizations"].size() == 1);
  CHECK(listed["visualizations"][0]["name"] == "m-2");
  CHECK(f.mat.succeed({"viz", "list", "--sort", "-name", "--limit", "1"}).out.find("m-2") !=
        std::string::npos);
  CHECK(f.mat.succeed({"__complete", "--", "viz", "stop", ""}).out == "m\nm-2\n");
  const std::string port = second["address"].get<std::string>().substr(17);
  const Output taken = f.mat.run({"viz", "create", "m", "--port", port});
  CHECK(taken.exit_code == 4);
  CHECK(taken.err.find("in use") != std::string::npos);
  CHECK(f.mat.succeed({"viz", "list", "--json"}).json()["total"] == 2);
}

TEST_CASE("a visualization ends by itself after a time, with all that it has started") {
  VisualizationFixture f;
  f.create({"m", "--auto-stop", "1s"});
  CHECK(f.becomes("m", "Terminated"));
  CHECK(f.show("m")["reason"] == "auto_stop after 1.0s");
  CHECK(f.all_have_ended());
}

TEST_CASE("whichever process of a visualization is killed, nothing is left behind") {
  VisualizationFixture f;
  const Json made = f.create({"m"});
  const int guard = made["facts"]["pid"];
  REQUIRE(f.pids().size() == 2);
  SECTION("the one that is recorded") {
    ::kill(guard, SIGKILL);
    CHECK(f.becomes("m", "Abnormal"));
    // Nobody shows it any more, so it can be deleted.
    f.mat.succeed({"version", "delete", "m@1", "-y"});
  }
  SECTION("TensorBoard") {
    ::kill(f.pids().front(), SIGKILL);
    CHECK(f.becomes("m", "Abnormal"));
    CHECK(f.show("m")["reason"] == "TensorBoard was ended by signal 9");
  }
  SECTION("what watches over it") {
    const std::string children = read_file(fmt::format("/proc/{0}/task/{0}/children", guard));
    ::kill(std::stoi(children), SIGKILL);
    CHECK(f.becomes("m", "Abnormal"));
  }
  CHECK(f.all_have_ended());
  CHECK(wait_until([&] { return !is_alive(guard); }));
}

TEST_CASE("a visualization that cannot start says why and leaves nothing behind") {
  VisualizationFixture f;
  SECTION("there is none") {
    f.mat.environment.erase("MAT_TENSORBOARD");
    f.mat.environment["PATH"] = "/nowhere";
    const Output failed = f.mat.run({"viz", "create", "m"});
    CHECK(failed.exit_code == 2);
    CHECK(failed.err.find("TensorBoard is not installed") != std::string::npos);
    CHECK(failed.err.find("mat ui") != std::string::npos);
  }
  SECTION("the variable names none") {
    f.mat.environment["MAT_TENSORBOARD"] = "/no/such/program";
    const Output failed = f.mat.run({"viz", "create", "m"});
    CHECK(failed.exit_code == 2);
    CHECK(failed.err.find("MAT_TENSORBOARD") != std::string::npos);
  }
  SECTION("it ends at once") {
    f.use("#!/bin/sh\necho begun\necho 'no such option' >&2\nexit 3\n");
    const Output failed = f.mat.run({"viz", "create", "m"});
    CHECK(failed.exit_code == 5);
    CHECK(failed.err.find("TensorBoard exited with 3: no such option") != std::string::npos);
  }
  SECTION("no such version") { CHECK(f.mat.run({"viz", "create", "m", "m@7"}).exit_code == 3); }
  SECTION("no such time") {
    CHECK(f.mat.run({"viz", "create", "m", "--auto-stop", "soon"}).exit_code == 2);
  }
  CHECK(f.mat.succeed({"viz", "list", "--json"}).json()["total"] == 0);
  CHECK_FALSE(fs::exists(f.mat.home() / "visualizations" / "m"));
}

TEST_CASE("TensorBoard shows all pages of a training") {
  VisualizationFixture f;
  if (!f.use_tensorboard()) return;
  draw_pictures(f.folder / "data", {"red", "green", "blue"}, 12);
  const std::string spec = f.write_spec("job.yaml", small_spec("t", "./data", 3));
  f.mat.succeed({"job", "create", "-f", spec, "--set", "histograms=true"});
  f.mat.succeed({"job", "create", "-f", spec, "--set", "histograms=true", "--set", "lr=0.02"});
  const Json made = f.create({"t@1", "t@2"});
  const std::string address = made["address"];
  CHECK(wait_until([&] {
    return Json::parse(VisualizationFixture::get(address, "/data/runs")) ==
           Json{"t@V0001", "t@V0002", "hparams"};
  }));
  Json results = Json::object();
  const Json shown = f.mat.succeed({"version", "show", "t@1", "--json"}).json();
  for (const auto& [metric, summary] : shown["metrics"].items()) results[metric] = summary["best"];
  CHECK(results.size() > 4);
  run_python("cli/visualization_page.py", {address, "t@V0001", results.dump()}, "MAT_TEST_PYTHON");
}

TEST_CASE("what a version has come to is told to TensorBoard however it ends") {
  Fixture f;
  const std::string spec =
      f.write_spec("k.yaml", command_spec("k", R"([sh, -c, "echo step=1 accuracy=0.75; )"
                                               R"(echo step=2 accuracy=0.5; exec sleep 1000"])"));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  const fs::path folder = f.version_folder("k", "V0001");
  // Behind the two points of its curve, which are on the disk.
  REQUIRE(wait_until([&] {
    const std::vector<Curve> curves = read_event_files(folder);
    return !curves.empty() && curves.front().points.size() == 2;
  }));
  SECTION("stopped") { f.mat.succeed({"version", "stop", "k"}); }
  SECTION("killed") {
    ::kill(f.runner_of("k", "V0001"), SIGKILL);
    CHECK(f.becomes("k@V0001", "Abnormal"));
  }
  CHECK(read_event_files(folder).size() == 1);
  const auto output =
      run_python("core/metrics/read_with_tensorboard.py", {folder}, "MAT_TENSORBOARD_PYTHON");
  if (!output) return;
  CHECK(Json::parse(*output)["results"] == Json::parse(R"({"result/accuracy": [[1, 0.75]]})"));
}

TEST_CASE("TensorBoard shows new points of a version that is running") {
  VisualizationFixture f;
  if (!f.use_tensorboard()) return;
  const std::string spec = f.write_spec(
      "live.yaml", command_spec("live", R"([sh, -c, "i=0; while :; do i=$((i + 1)); )"
                                        R"(echo step $i loss: 0.$i; sleep 0.2; done"])"));
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  const std::string address = f.create({"live"})["address"];
  const auto points = [&] {
    const Json read =
        Json::parse(VisualizationFixture::get(
                        address, "/data/plugin/scalars/scalars?run=live%40V0001&tag=loss"),
                    nullptr, false);
    return read.is_array() ? read.size() : 0;
  };
  CHECK(wait_until([&] { return points() > 0; }));
  const std::size_t before = points();
  CHECK(wait_until([&] { return points() > before; }));
  f.mat.succeed({"version", "stop", "live"});
}

}  // namespace mat::test
