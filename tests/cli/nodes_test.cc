#include <signal.h>

#include <algorithm>
#include <set>

#include "core/base/cores.h"
#include "core/base/machine.h"
#include "tests/cli/lifecycle_fixture.h"

namespace mat::test {
namespace {

// Nodes share a machine's cores, one each at least.
bool has_cores_for_nodes() {
  if (usable_cores() >= 2) return true;
  WARN("two nodes on this machine are not tested: it has one core");
  return false;
}

std::string nodes_spec(const std::string& name, const std::string& words,
                       const std::string& more = "") {
  return command_spec(name, words, "resources: {nodes: 2}\n" + more);
}

int parent_of(int pid) {
  const std::string stat =
      read_file_if_exists(fs::path("/proc") / std::to_string(pid) / "stat").value_or("");
  const std::vector<std::string> fields = split(stat.substr(stat.rfind(')') + 1), ' ');
  return fields.size() < 3 ? 0 : static_cast<int>(parse_integer(fields[2]).value_or(0));
}

// The processes of the version's nodes but the first, without those that guard their commands.
std::vector<int> node_processes(const Fixture& f) {
  std::set<int> pids;
  for (const auto& process : fs::directory_iterator("/proc")) {
    const auto pid = parse_integer(process.path().filename().string());
    if (!pid) continue;
    std::ifstream file(process.path() / "cmdline", std::ios::binary);
    const std::string line((std::istreambuf_iterator<char>(file)), {});
    const bool is_node = line.find("run-node") != std::string::npos &&
                         line.find(f.mat.home().string()) != std::string::npos;
    if (is_node) pids.insert(static_cast<int>(*pid));
  }
  std::vector<int> nodes;
  std::copy_if(pids.begin(), pids.end(), std::back_inserter(nodes),
               [&](int pid) { return pids.count(parent_of(pid)) == 0; });
  return nodes;
}

bool is_alive(int pid) { return ::kill(pid, 0) == 0; }

// What a node's command has said of itself in a file of its own.
int number_in(const fs::path& path) {
  int number = 0;
  REQUIRE(wait_until([&] {
    const auto text = read_file_if_exists(path);
    const auto read = text && text->ends_with('\n') ? parse_integer(trim(*text)) : std::nullopt;
    number = static_cast<int>(read.value_or(0));
    return read.has_value();
  }));
  return number;
}

std::string read_log(const Fixture& f, const std::string& job, int node) {
  const fs::path folder = f.version_folder(job, "V0001");
  const fs::path file =
      node == 0 ? folder / "log.txt" : folder / "nodes" / std::to_string(node) / "log.txt";
  return read_file_if_exists(file).value_or("");
}

constexpr const char* kVariables =
    R"([sh, -c, "env | grep -E '^(MA_NUM_HOSTS|VC_TASK_INDEX|VC_WORKER_NUM|MASTER_ADDR|RANK|)"
    R"(WORLD_SIZE|LOCAL_RANK)=' | sort; echo hosts $VC_WORKER_HOSTS; echo accuracy: 0.$RANK"])";

}  // namespace

TEST_CASE("a command on two nodes runs twice, and each knows which one it is") {
  if (!has_cores_for_nodes()) return;
  Fixture f;
  const std::string spec = f.write_spec("job.yaml", nodes_spec("n", kVariables));
  f.mat.succeed({"job", "create", "-f", spec});
  const std::string first = f.mat.succeed({"version", "logs", "n"}).out;
  const std::string second = f.mat.succeed({"version", "logs", "n", "--node", "1"}).out;
  CHECK(f.mat.succeed({"version", "logs", "n", "--node", "0"}).out == first);
  for (const auto& [log, node] : {std::pair(first, "0"), std::pair(second, "1")}) {
    CHECK(log.find(std::string("LOCAL_RANK=0\nMASTER_ADDR=127.0.0.1\nMA_NUM_HOSTS=2\nRANK=") +
                   node + "\nVC_TASK_INDEX=" + node + "\nVC_WORKER_NUM=2\nWORLD_SIZE=2\n") !=
          std::string::npos);
    const std::string host = this_machine().host;
    CHECK(log.find("hosts " + host + "," + host + "\n") != std::string::npos);
  }
  // Metrics are those of node 0.
  const Json shown = f.mat.succeed({"version", "show", "n", "--json"}).json();
  CHECK(shown["metrics"]["accuracy"]["last"] == 0.0);
  CHECK(shown["metrics"]["accuracy"]["count"] == 1);

  const Output none = f.mat.run({"version", "logs", "n", "--node", "2"});
  CHECK(none.exit_code == 3);
  CHECK(none.err.find("n@V0001 has no node 2") != std::string::npos);
  CHECK(none.err.find("its nodes are 0 to 1") != std::string::npos);
}

TEST_CASE("a command on one node has the variables for it, too") {
  Fixture f;
  f.mat.succeed({"job", "create", "-f", f.write_spec("job.yaml", command_spec("n", kVariables))});
  CHECK(f.log("n").find("LOCAL_RANK=0\nMASTER_ADDR=127.0.0.1\nMA_NUM_HOSTS=1\nRANK=0\n"
                        "VC_TASK_INDEX=0\nVC_WORKER_NUM=1\nWORLD_SIZE=1\n") != std::string::npos);
}

TEST_CASE("a script for torchrun finds its nodes") {
  if (!has_cores_for_nodes()) return;
  Fixture f;
  write_text(f.folder / "src" / "train.py", R"(
import torch, torch.distributed as dist
dist.init_process_group("gloo")
total = torch.ones(1) * (dist.get_rank() + 1)
dist.all_reduce(total)
print(f"rank {dist.get_rank()} of {dist.get_world_size()}: sum {total.item()}", flush=True)
dist.destroy_process_group()
)");
  if (f.mat.run_in_shell("python3 -c 'import torch.distributed'").exit_code != 0) {
    WARN("a script with torch.distributed is not tested: python3-torch is missing");
    return;
  }
  const std::string spec = f.write_spec(
      "job.yaml",
      "name: t\nalgorithm: {command: python3 train.py, code: ./src}\nresources: {nodes: 2}\n");
  f.mat.succeed({"job", "create", "-f", spec});
  CHECK(read_log(f, "t", 0).find("rank 0 of 2: sum 3.0") != std::string::npos);
  CHECK(read_log(f, "t", 1).find("rank 1 of 2: sum 3.0") != std::string::npos);
}

TEST_CASE("the node that fails first is named, and the others end with it") {
  if (!has_cores_for_nodes()) return;
  Fixture f;
  const auto run = [&](const std::string& name, int node, const std::string& how) {
    const std::string words = R"([sh, -c, "echo $$ > pid$RANK; [ $RANK = )" + std::to_string(node) +
                              R"( ] || exec sleep 100; while [ ! -e pid)" +
                              std::to_string(1 - node) + R"( ]; do sleep 0.05; done; )" + how +
                              R"("])";
    const std::string spec = f.write_spec(name + ".yaml", nodes_spec(name, words));
    const double begun_s = monotonic_seconds();
    const Output ended = f.mat.run({"job", "create", "-f", spec});
    CHECK(monotonic_seconds() - begun_s < 20);
    CHECK(ended.exit_code == 1);
    const fs::path code = f.version_folder(name, "V0001") / "code";
    CHECK_FALSE(is_alive(number_in(code / ("pid" + std::to_string(1 - node)))));
    CHECK(node_processes(f).empty());
    return ended.err;
  };
  const std::string host = this_machine().host;
  const std::string failed = run("a", 1, "exit 3");
  CHECK(failed.find("node 1 (" + host + ") ended: the command exited with 3") != std::string::npos);
  CHECK(failed.find("mat version logs a@V0001 --node 1") != std::string::npos);
  CHECK(run("b", 1, "kill -9 $$")
            .find("node 1 (" + host +
                  ") ended: the command was killed by "
                  "SIGKILL") != std::string::npos);
  CHECK(run("c", 0, "exit 4").find("node 0 (" + host + ") ended: the command exited with 4") !=
        std::string::npos);
}

TEST_CASE("a node that is killed ends the version, and a runner that is killed leaves nobody") {
  if (!has_cores_for_nodes()) return;
  Fixture f;
  const std::string words = R"([sh, -c, "echo $$ > pid$RANK; exec sleep 100"])";
  const auto start = [&](const std::string& name) {
    const std::string spec = f.write_spec(name + ".yaml", nodes_spec(name, words));
    f.mat.succeed({"job", "create", "-f", spec, "-d"});
    const fs::path code = f.version_folder(name, "V0001") / "code";
    return std::pair(number_in(code / "pid0"), number_in(code / "pid1"));
  };
  const auto [first, second] = start("a");
  REQUIRE(node_processes(f).size() == 1);
  REQUIRE(::kill(node_processes(f).front(), SIGKILL) == 0);
  CHECK(f.mat.run({"version", "wait", "a"}).exit_code == 1);
  const Json shown = f.mat.succeed({"version", "show", "a", "--json"}).json();
  CHECK(shown["status"] == "Failed");
  CHECK(shown["status_reason"].get<std::string>().find("node 1 (" + this_machine().host +
                                                       ") ended: signal 9") == 0);
  CHECK(wait_until([&, pids = std::pair(first, second)] {
    return !is_alive(pids.first) && !is_alive(pids.second);
  }));

  const auto [third, fourth] = start("b");
  REQUIRE(::kill(f.runner_of("b", "V0001"), SIGKILL) == 0);
  CHECK(wait_until([&, pids = std::pair(third, fourth)] {
    return !is_alive(pids.first) && !is_alive(pids.second) && node_processes(f).empty();
  }));
  CHECK(f.status("b") == "Abnormal");
}

TEST_CASE("a command that goes on on another node after node 0 has completed is waited for") {
  if (!has_cores_for_nodes()) return;
  Fixture f;
  f.mat.environment["MAT_NODES_PATIENCE"] = "1";
  const std::string words =
      R"([sh, -c, "test $RANK = 0 || { : >begun; sleep 3; echo accuracy: 1; : >late; }; )"
      R"(until test -e begun; do sleep 0.05; done"])";
  f.mat.succeed({"job", "create", "-f", f.write_spec("s.yaml", nodes_spec("s", words))});
  CHECK(f.status("s") == "Completed");
  CHECK(fs::exists(f.version_folder("s", "V0001") / "code" / "late"));
}

TEST_CASE("a stop reaches the commands of all nodes") {
  if (!has_cores_for_nodes()) return;
  Fixture f;
  f.mat.succeed(
      {"job", "create", "-f", f.write_spec("s.yaml", nodes_spec("s", kUntilStopped)), "-d"});
  for (const int node : {0, 1}) {
    REQUIRE(wait_until([&] { return read_log(f, "s", node).find("begun") != std::string::npos; }));
  }
  f.mat.succeed({"version", "stop", "s"});
  CHECK(f.status("s") == "Terminated");
  for (const int node : {0, 1}) {
    CHECK(read_log(f, "s", node).find("\nended\n") != std::string::npos);
  }
}

TEST_CASE("two nodes train pictures together, and go on after one of them was killed") {
  if (!has_cores_for_nodes()) return;
  Fixture f;
  draw_pictures(f.folder / "data", {"red", "green"}, 24);
  const std::string text = small_spec("w", "./data", 80);
  const std::string spec = f.write_spec(
      "job.yaml",
      text.substr(0, text.find("resources")) +
          "resources: {type: cpu, flavor: cpu.1, nodes: 2}\nauto_restart: 1\nseed: 7\n");
  f.mat.succeed({"job", "create", "-f", spec});
  const Json whole = f.mat.succeed({"version", "show", "w", "--json"}).json();
  REQUIRE(whole["facts"]["nodes"].size() == 2);
  for (const Json& node : whole["facts"]["nodes"]) {
    CHECK(node["images_per_second"].get<double>() > 0);
    CHECK(node["host"] == this_machine().host);
  }
  const std::string shown = f.mat.succeed({"version", "show", "w"}).out;
  CHECK(shown.find("IMAGES/S") != std::string::npos);

  f.mat.environment["MAT_CHECKPOINT_SECONDS"] = "0";
  const auto go_on_after = [&](int signal, const std::string& version) {
    const std::string reference = "w@" + version;
    f.mat.succeed({"job", "create", "-f", spec, "-d"});
    const fs::path log = f.version_folder("w", version) / "log.txt";
    REQUIRE(wait_until([&] {
      return read_file_if_exists(log).value_or("").find("epoch 3/") != std::string::npos;
    }));
    const std::vector<int> nodes = node_processes(f);
    REQUIRE(nodes.size() == 1);
    REQUIRE(::kill(nodes.front(), signal) == 0);
    CHECK(f.mat.run({"version", "wait", reference}).exit_code == 0);
    const Json mended = f.mat.succeed({"version", "show", reference, "--json"}).json();
    CHECK(mended["attempts"] == 2);
    for (const char* name :
         {"output/last.safetensors", "output/best.safetensors", "output/contents.txt"}) {
      CHECK((read_file(f.version_folder("w", "V0001") / name) ==
             read_file(f.version_folder("w", version) / name)));
    }
    return mended["history"].dump();
  };
  CHECK(go_on_after(SIGKILL, "V0002").find("ended: signal 9") != std::string::npos);
  // By somebody else than mat: it tells node 0, too.
  CHECK(go_on_after(SIGTERM, "V0003").find("ended: ended by SIGTERM") != std::string::npos);
}

TEST_CASE("a version goes on with other resources, which it then has") {
  if (!has_cores_for_nodes()) return;
  Fixture f;
  draw_pictures(f.folder / "data", {"red", "green"}, 24);
  const std::string text = small_spec("w", "./data", 100000);
  const std::string spec =
      f.write_spec("job.yaml", text.substr(0, text.find("resources")) +
                                   "resources: {type: cpu, flavor: cpu.1, nodes: 2}\nseed: 7\n");
  f.mat.succeed({"job", "create", "-f", spec, "-d"});
  REQUIRE(wait_until([&] { return read_log(f, "w", 0).find("epoch 2/") != std::string::npos; }));
  f.mat.succeed({"version", "stop", "w"});

  const auto refusal = [&](const std::vector<std::string>& changes) {
    std::vector<std::string> words{"version", "resume", "w"};
    for (const std::string& change : changes) words.insert(words.end(), {"--set", change});
    const Output refused = f.mat.run(words);
    CHECK(refused.exit_code == 2);
    return refused.err;
  };
  CHECK(refusal({"lr=0.1"}).find("w@V0001 goes on with the hyperparameters.lr that it has") !=
        std::string::npos);
  CHECK(refusal({"resources.nodes=1000"}).find("batch_size must be above 1000") !=
        std::string::npos);
  CHECK(refusal({"resources.nodes=1", "resources.flavor=cpu.1000"}).find("no flavor 'cpu.1000'") !=
        std::string::npos);
  const Json before = f.mat.succeed({"version", "show", "w", "--json"}).json();
  CHECK(before["settings"]["resources.nodes"]["value"] == 2);
  CHECK(before["status"] == "Terminated");

  f.mat.succeed({"version", "resume", "w", "--set", "resources.nodes=1", "-d"});
  REQUIRE(wait_until(
      [&] { return read_log(f, "w", 0).find("nodes was 2 and is 1") != std::string::npos; }));
  f.mat.succeed({"version", "stop", "w"});
  const Json after = f.mat.succeed({"version", "show", "w", "--json"}).json();
  CHECK(after["settings"]["resources.nodes"]["value"] == 1);
  CHECK(after["history"].dump().find("goes on with resources.nodes=1") != std::string::npos);
  CHECK(after["attempts"] == 2);
  // What the node said that is gone.
  CHECK(f.mat.succeed({"version", "logs", "w", "--node", "1"}).out.find("node 1 of 2") !=
        std::string::npos);
  CHECK(f.mat.succeed({"version", "show", "w"}).out.find("IMAGES/S") == std::string::npos);
  CHECK(f.mat.run({"version", "logs", "w", "--node", "2"}).exit_code == 3);
  CHECK(read_file(f.version_folder("w", "V0001") / "spec.yaml").find("nodes: 1") !=
        std::string::npos);
  CHECK(f.mat.succeed({"version", "list", "w", "--filter", "resources.nodes = 1", "--json"})
            .json()["total"] == 1);
}

TEST_CASE("what cannot be trained on several nodes is refused with its line") {
  Fixture f;
  draw_pictures(f.folder / "data", {"red", "green"}, 4);
  const auto refusal = [&](const std::string& rest) {
    const std::string spec = f.write_spec("job.yaml", "name: r\n" + rest);
    const Output refused = f.mat.run({"job", "create", "-f", spec});
    CHECK(refused.exit_code == 2);
    return refused.err;
  };
  const std::string data = "inputs: {data_url: ./data}\n";
  CHECK(refusal("algorithm: exeml\n" + data + "resources: {nodes: 2}\n")
            .find("job.yaml:4:20: resources.nodes cannot be 2: exeml trains on one node only") !=
        std::string::npos);
  CHECK(refusal("algorithm: resnet18\n" + data + "resources: {nodes: 2}\nseeds: 3\n")
            .find("job.yaml:4:20: resources.nodes must be 1 when there are several seeds") !=
        std::string::npos);
  CHECK(refusal("algorithm: resnet18\n" + data +
                "resources: {nodes: 8}\nhyperparameters: {batch_size: 8}\n")
            .find("job.yaml:5:31: batch_size must be above 8, the number of nodes") !=
        std::string::npos);
  CHECK(refusal("algorithm: resnet18\n" + data +
                "resources: {nodes: 1000}\n"
                "hyperparameters: {batch_size: 4096}\n")
            .find("job.yaml:4:20: 1000 nodes take") != std::string::npos);
}

}  // namespace mat::test
