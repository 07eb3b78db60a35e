#include <cstdlib>

#include "tests/cli/lifecycle_fixture.h"
#include "tests/core/storage/s3_server.h"

namespace mat::test {
namespace {

// A command with its data, its results and its log in a bucket: it copies the data and then does
// what ends it.
struct RemoteRun : Fixture {
  S3Server& server;
  std::string bucket;

  explicit RemoteRun(S3Server& s3) : server(s3), bucket(s3.make_bucket()) {
    for (const std::string& variable : server.environment()) {
      const std::size_t sign = variable.find('=');
      if (variable.starts_with("AWS_")) {
        mat.environment[variable.substr(0, sign)] = variable.substr(sign + 1);
      }
    }
    write_text(folder / "source" / "input", "some data");
    server.rclone({"copy", (folder / "source").string(), "remote:" + bucket + "/data"});
  }

  std::string spec_ending(const std::string& name, const std::string& end) {
    const std::string place = "s3://" + bucket + "/";
    return write_spec(
        name + ".yaml",
        command_spec(name,
                     "[sh, -c, \"trap 'echo stopped >>$3/copy; exit' TERM; cat $1/input >$3/copy; "
                     "echo begun; " +
                         end + "\"]",
                     "inputs: {data_url: " + place + "data}\noutputs: {train_url: " + place +
                         "results}\nlog_path: " + place + "logs\n"));
  }
  std::string object(const std::string& key) const {
    return server.rclone({"cat", "remote:" + bucket + "/" + key});
  }
};

}  // namespace

TEST_CASE("what a run reads in an object store is there before, what it has made afterwards") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  RemoteRun r(*server);
  CHECK(r.mat.run({"job", "create", "-f", r.spec_ending("done", "exit 0")}).exit_code == 0);
  CHECK(r.object("results/done/V0001/copy") == "some data");
  CHECK(r.object("logs/done/V0001/log.txt").find("begun") != std::string::npos);

  CHECK(r.mat.run({"job", "create", "-f", r.spec_ending("failed", "exit 3")}).exit_code == 1);
  CHECK(r.object("results/failed/V0001/copy") == "some data");
  CHECK(r.object("logs/failed/V0001/log.txt").find("begun") != std::string::npos);

  const std::string spec = r.spec_ending("stopped", "while :; do sleep 0.05; done");
  r.mat.succeed({"job", "create", "-f", spec, "--detach"});
  REQUIRE(wait_until([&] { return r.log("stopped").find("begun") != std::string::npos; }));
  r.mat.succeed({"version", "stop", "stopped"});
  CHECK(r.status("stopped") == "Terminated");
  CHECK(r.object("results/stopped/V0001/copy") == "some datastopped\n");
  CHECK(r.object("logs/stopped/V0001/log.txt").find("begun") != std::string::npos);
}

TEST_CASE("auto_stop ends a training, not the upload of what it has made") {
  S3Server* server = S3Server::get();
  if (server == nullptr) return;
  RemoteRun r(*server);
  // The upload takes longer than the training may.
  write_text(r.folder / "bin" / "rclone",
             "#!/bin/sh\ncase \"$*\" in *copy*results*) sleep 12 ;; esac\n"
             "for place in /usr/local/bin /usr/bin; do\n"
             "  [ -x $place/rclone ] && exec $place/rclone \"$@\"\ndone\n");
  fs::permissions(r.folder / "bin" / "rclone", fs::perms::owner_all);
  r.mat.environment["PATH"] = (r.folder / "bin").string() + ":" + std::getenv("PATH");
  const std::string spec = r.write_spec(
      "job.yaml",
      command_spec("u", R"([sh, -c, "echo made >$MAT_OUTPUT_DIR/result"])",
                   "auto_stop: 10s\noutputs: {train_url: s3://" + r.bucket + "/results}\n"));
  CHECK(r.mat.run({"job", "create", "-f", spec}).exit_code == 0);
  CHECK(r.object("results/u/V0001/result") == "made\n");
}

}  // namespace mat::test
