#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/base/file.h"
#include "core/run/run_node.h"
#include "core/training/node_group.h"

namespace mat {

// Processes of this machine that each do one node's part.
class NodeProcesses {
 public:
  // What a part returns is its exit code; 99 when it throws.
  using Part = std::function<int(const NodeGroup&)>;

  NodeProcesses(int nodes, const Part& part) {
    NodeGroup group;
    group.nodes = nodes;
    group.address = "127.0.0.1";
    group.port = free_port();
    for (group.node = 0; group.node < nodes; ++group.node) {
      const pid_t pid = ::fork();
      if (pid < 0) throw std::runtime_error("fork failed");
      if (pid == 0) ::_exit(code_of(part, group));
      pids_.push_back(pid);
    }
  }
  ~NodeProcesses() {
    for (std::size_t node = 0; node < pids_.size(); ++node) {
      if (pids_[node] == 0) continue;
      send(static_cast<int>(node), SIGKILL);
      end_of(static_cast<int>(node));
    }
  }
  NodeProcesses(const NodeProcesses&) = delete;
  NodeProcesses& operator=(const NodeProcesses&) = delete;

  void send(int node, int signal) { ::kill(pids_[static_cast<std::size_t>(node)], signal); }

  // Its exit code, or minus the signal that killed it.
  int end_of(int node) {
    int status = 0;
    ::waitpid(pids_[static_cast<std::size_t>(node)], &status, 0);
    pids_[static_cast<std::size_t>(node)] = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  static int code_of(const Part& part, const NodeGroup& group) {
    ::alarm(60);
    try {
      return part(group);
    } catch (const std::exception&) {
      return 99;
    }
  }

  std::vector<pid_t> pids_;  // 0: it has ended
};

// Files by which processes tell one another how far they are.
class Marks {
 public:
  explicit Marks(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void set(const std::string& name) const { write_file_atomic(folder_ / name, "1"); }
  void wait_for(const std::string& name) const {
    for (int i = 0; !std::filesystem::exists(folder_ / name); ++i) {
      if (i == 12'000) throw std::runtime_error("no word of " + name + " for a minute");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace mat
