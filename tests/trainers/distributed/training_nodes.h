#pragma once

#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/run/run_node.h"
#include "tests/trainers/training/filing_observer.h"
#include "trainers/training/torch_trainer.h"

namespace mat {

// How one node's part ended.
struct NodeEnd {
  bool has_ended = false;  // otherwise it was killed
  bool stopped = false;
  std::string error;  // empty: none
  bool lost_nodes = false;
  Json records = Json::object();
  std::vector<std::string> lines;
  std::int64_t last_step = 0;
};

// What a node's process looks at between its steps; the observer has what it said so far.
using NodeWatch = std::function<bool(int node, const RecordingObserver&)>;

// Trains on several processes, one thread each, on this machine. `stop` is asked in each of them
// and may also end its process.
inline std::vector<NodeEnd> train_on_nodes(TrainRequest request, int nodes,
                                           const NodeWatch& stop = {}) {
  request.threads = 1;
  request.group.nodes = nodes;
  request.group.address = "127.0.0.1";
  request.group.port = free_port();
  request.group.hosts.assign(static_cast<std::size_t>(nodes), "here");
  const auto file_of = [&](int node) {
    return request.version_folder / fmt::format("node-{}.json", node);
  };
  std::vector<pid_t> pids;
  for (int node = 0; node < nodes; ++node) {
    std::filesystem::remove(file_of(node));
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("fork failed");
    if (pid > 0) {
      pids.push_back(pid);
      continue;
    }
    ::alarm(120);
    request.group.node = node;
    const auto folder = node == 0 ? request.version_folder
                                  : request.version_folder / "nodes" / std::to_string(node);
    std::filesystem::create_directories(folder);
    Json end{{"stopped", false}, {"error", ""}, {"lost_nodes", false}};
    FilingObserver observer(folder);
    if (stop) observer.stop = [&](const RecordingObserver& o) { return stop(node, o); };
    try {
      end["stopped"] = torch_trainer().train(request, observer).stopped;
    } catch (const NodesLost& e) {
      end["error"] = e.message();
      end["lost_nodes"] = true;
    } catch (const Error& e) {
      end["error"] = e.message();
    }
    end["lines"] = observer.lines;
    end["records"] = observer.all_recorded();
    end["last_step"] = observer.last_progress.step;
    write_file_atomic(file_of(node), to_json_text(end));
    ::_exit(0);
  }
  std::vector<NodeEnd> ends(static_cast<std::size_t>(nodes));
  for (int node = 0; node < nodes; ++node) {
    int status = 0;
    ::waitpid(pids[static_cast<std::size_t>(node)], &status, 0);
    const auto text = read_file_if_exists(file_of(node));
    if (!text) continue;
    const Json json = parse_json(*text, "a node");
    NodeEnd& end = ends[static_cast<std::size_t>(node)];
    end.has_ended = true;
    end.stopped = json["stopped"];
    end.error = json["error"];
    end.lost_nodes = json["lost_nodes"];
    end.records = json["records"];
    end.lines = json["lines"].get<std::vector<std::string>>();
    end.last_step = json["last_step"];
  }
  return ends;
}

}  // namespace mat
