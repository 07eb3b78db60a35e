#include "core/run/local_nodes.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/machine.h"
#include "core/base/process.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/code/code_snapshot.h"
#include "core/run/run_description.h"
#include "core/run/run_environment.h"
#include "core/run/run_node.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "/proc/self/exe";
constexpr const char* kLoopback = "127.0.0.1";
constexpr auto kPause = std::chrono::milliseconds(20);
// A command has 10 seconds after SIGTERM, and its node some more to end itself.
constexpr double kStopSeconds = 20;
// When node 0 fails first, whether another has failed before it and is the cause.
constexpr double kCauseSeconds = 1;
// When node 0 only knows that others do not answer.
// How long a stop that another node has heard of may take to come here as well.
constexpr double kToldSeconds = 1;
constexpr double kLostSeconds = 5;
constexpr double kForever = 1e9;

class LocalNodes {
 public:
  LocalNodes(const Home& home, const HeldVersion& held, const AttemptPlan& plan)
      : home_(home),
        held_(held),
        plan_(plan),
        folder_(home.version_folder(held.version.job, held.version.number)) {
    try {
      for (int node = 1; node < plan.group.nodes; ++node) start(node);
    } catch (...) {
      kill_all();
      throw;
    }
  }
  ~LocalNodes() { kill_all(); }
  LocalNodes(const LocalNodes&) = delete;
  LocalNodes& operator=(const LocalNodes&) = delete;

  // Whether one of them has ended otherwise than well.
  bool has_failure() {
    look();
    for (const Node& node : nodes_) {
      if (node.has_ended() && !node.is_good()) return true;
    }
    return false;
  }

  bool are_running() {
    look();
    for (const Node& node : nodes_) {
      if (!node.has_ended()) return true;
    }
    return false;
  }

  void terminate() {
    look();
    for (const Node& node : nodes_) {
      if (!node.has_ended()) ::kill(node.pid, SIGTERM);
    }
  }

  template <typename Condition>
  void wait_while(double seconds, const Condition& condition) {
    const double until_s = monotonic_seconds() + seconds;
    while (condition() && monotonic_seconds() < until_s) std::this_thread::sleep_for(kPause);
  }

  void end_all() {
    terminate();
    wait_while(kStopSeconds, [this] { return are_running(); });
    kill_all();
  }

  // How the first that failed has ended, of those that did not only lose the others; nothing when
  // none has. `before_ms`: only earlier ones.
  std::optional<RunResult> cause(std::int64_t before_ms) {
    look();
    const Node* first = nullptr;
    for (const Node& node : nodes_) {
      // Those that another one has told to end have no reason of their own.
      const bool was_told = node.result.status == Status::terminated && node.result.reason.empty();
      const bool is_cause = node.has_ended() && !node.is_good() && !node.result.lost_nodes &&
                            !was_told && node.ended_ms <= before_ms;
      if (is_cause && (first == nullptr || node.ended_ms < first->ended_ms)) first = &node;
    }
    if (first == nullptr) return std::nullopt;
    RunResult result = first->result;
    if (result.status == Status::terminated) result.error = ErrorKind::training_failed;
    result.status = Status::failed;
    result.reason = named(first->number, result.reason);
    const std::string log = fmt::format("its log: mat version logs {} --node {}",
                                        held_.version.reference(), first->number);
    result.hint += (result.hint.empty() ? "" : "\n") + log;
    return result;
  }

  std::string named(int node, const std::string& reason) const {
    return fmt::format("node {} ({}) ended: {}", node,
                       plan_.group.hosts[static_cast<std::size_t>(node)], reason);
  }

 private:
  struct Node {
    int number = 0;
    pid_t pid = -1;
    std::int64_t ended_ms = 0;
    RunResult result;

    bool has_ended() const { return ended_ms != 0; }
    bool is_good() const { return result.status == Status::completed; }
  };

  void start(int number) {
    NodeGroup group = plan_.group;
    group.node = number;
    std::vector<std::string> arguments{"mat", "--home", home_.root.string()};
    for (std::string& argument :
         run_node_arguments(held_.version.job, held_.version.number, group)) {
      arguments.push_back(std::move(argument));
    }
    arguments.emplace_back("--parent");
    arguments.push_back(std::to_string(::getpid()));
    const std::vector<std::string> environment = environment_with(held_.spec.environment);
    // What libraries print.
    const fs::path log = node_folder(folder_, number) / kLogName;
    const SpawnAttributes attributes(POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0666);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    Node node;
    node.number = number;
    const int problem =
        ::posix_spawn(&node.pid, kProgram, &files, attributes.get(), as_pointers(arguments).data(),
                      as_pointers(environment).data());
    posix_spawn_file_actions_destroy(&files);
    if (problem != 0) throw_io_error(fmt::format("cannot start node {}", number), problem);
    nodes_.push_back(std::move(node));
  }

  void look() {
    for (Node& node : nodes_) {
      int status = 0;
      if (!node.has_ended() && ::waitpid(node.pid, &status, WNOHANG) == node.pid) {
        take_end(node, status);
      }
    }
  }

  void take_end(Node& node, int status) {
    node.ended_ms = now_ms();
    node.result = {Status::failed, {}, ErrorKind::training_failed, {}};
    if (WIFSIGNALED(status)) {
      const int signal = WTERMSIG(status);
      node.result.reason =
          fmt::format("signal {}{}", signal, signal == SIGKILL ? " (out of memory?)" : "");
      return;
    }
    node.result.reason = fmt::format("exit code {}", WEXITSTATUS(status));
    try {
      if (const auto said = read_node_result(folder_, node.number)) {
        node.ended_ms = said->ended_ms;
        node.result = said->run;
      }
    } catch (const Error& e) {
      node.result.reason += ": " + e.message();
    }
  }

  void kill_all() {
    for (Node& node : nodes_) {
      if (node.has_ended()) continue;
      ::kill(node.pid, SIGKILL);
      int status = 0;
      while (::waitpid(node.pid, &status, 0) < 0 && errno == EINTR) {
      }
      take_end(node, status);
    }
  }

  const Home& home_;
  const HeldVersion& held_;
  const AttemptPlan& plan_;
  fs::path folder_;
  std::vector<Node> nodes_;
};

// What the attempt came to, of node 0's end and those of the others.
RunResult conclude(LocalNodes& nodes, const HeldVersion& held, RunResult first,
                   RunObserver& observer) {
  const std::int64_t ended_ms = now_ms();
  // Another node may have seen the request first.
  const auto is_stopped = [&] {
    observer.stop_requested();
    return !observer.stop_reason().empty();
  };
  if (first.status == Status::completed) {
    // A command may have more to do on another node; a built-in training has not.
    const double patience_s = held.spec.definition.command ? kForever : nodes_patience_s();
    nodes.wait_while(patience_s, [&] { return !observer.stop_requested() && nodes.are_running(); });
    if (is_stopped()) {
      first = {Status::terminated, observer.stop_reason(), ErrorKind::terminated, {}};
    } else if (!observer.stop_requested() && nodes.are_running()) {
      observer.log(
          fmt::format("node 0 has completed, and others have not ended within {}: they are "
                      "ended now",
                      format_duration(nodes_patience_s())));
    }
  }
  std::optional<RunResult> cause = nodes.cause(ended_ms);
  // Nobody has stopped this one: another was told to end, and has told it.
  const bool was_told = first.status == Status::terminated && first.reason.empty();
  if (was_told) nodes.wait_while(kToldSeconds, [&] { return !is_stopped(); });
  const bool is_end_of_others = first.lost_nodes || was_told;
  if (!is_stopped() && !cause &&
      (was_told || (first.status == Status::failed && first.error == ErrorKind::training_failed))) {
    // Whoever fell first may be a moment later in saying so.
    nodes.wait_while(is_end_of_others ? kLostSeconds : kCauseSeconds, [&] {
      cause = nodes.cause(is_end_of_others ? now_ms() : ended_ms);
      return !cause && !is_stopped() && nodes.are_running();
    });
  }
  if (!cause && first.status == Status::completed) cause = nodes.cause(now_ms());
  nodes.end_all();
  if (is_stopped() && first.lost_nodes) {
    // Others that were stopped, too, may have left before it could say everything.
    return {Status::terminated, observer.stop_reason(), ErrorKind::terminated, {}};
  }
  if (is_stopped() && was_told) first.reason = observer.stop_reason();
  if (is_stopped()) return first;
  if (cause) return *cause;
  // Nobody has stopped it: it has given up, since the others did.
  if (first.status == Status::terminated && first.error != ErrorKind::terminated) {
    first = {Status::failed, first.reason, ErrorKind::training_failed, first.hint};
  }
  if (first.status == Status::failed && first.error == ErrorKind::training_failed) {
    first.reason = nodes.named(0, first.reason);
  }
  return first;
}

}  // namespace

RunResult attempt_on_local_nodes(const Home& home, const HeldVersion& held, AttemptPlan plan,
                                 RunObserver& observer) {
  const fs::path folder = home.version_folder(held.version.job, held.version.number);
  plan.group.node = 0;
  plan.group.address = kLoopback;
  plan.group.hosts.assign(static_cast<std::size_t>(plan.group.nodes), this_machine().host);
  std::optional<LocalNodes> nodes;
  try {
    plan.group.port = free_port();
    restore_code(folder, held.version.facts);
    write_run_description(folder, held, plan);
    nodes.emplace(home, held, plan);
  } catch (const Error& e) {
    return {Status::failed, e.message(), e.kind(), e.hint()};
  }
  observer.end_when([&nodes] { return nodes->has_failure(); });
  const RunResult first = attempt_version(home, held, plan, observer);
  RunResult result = conclude(*nodes, held, first, observer);
  observer.end_when({});
  return result;
}

}  // namespace mat
