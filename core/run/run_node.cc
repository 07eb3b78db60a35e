#include "core/run/run_node.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/life/stop_request.h"
#include "core/pool/space_reserve.h"
#include "core/run/run_description.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// The last words of a node may meet a full disk.
void keep_end(RunObserver& observer, const RunResult& result) {
  try {
    observer.sync();
    observer.log_quietly(fmt::format("{}{}{}", name_of(result.status),
                                     result.reason.empty() ? "" : ": ", result.reason));
  } catch (const Error&) {
    return;
  }
}

}  // namespace

std::vector<std::string> run_node_arguments(const std::string& job, std::int64_t number,
                                            const NodeGroup& group) {
  std::vector<std::string> arguments{kRunNodeCommand,
                                     job,
                                     std::to_string(number),
                                     "--node",
                                     std::to_string(group.node),
                                     "--nodes",
                                     std::to_string(group.nodes),
                                     "--address",
                                     group.address,
                                     "--port",
                                     std::to_string(group.port)};
  if (!group.hosts.empty()) {
    arguments.emplace_back("--hosts");
    arguments.push_back(join(group.hosts, ","));
  }
  return arguments;
}

RunResult run_node(const Home& home, const std::string& job, std::int64_t number,
                   const NodeGroup& group, const StopReason& stop_reason) {
  const fs::path folder = home.version_folder(job, number);
  RunDescription run = read_run_description(folder);
  if (run.plan.group.nodes != group.nodes || group.node < 0 || group.node >= group.nodes) {
    throw Error(ErrorKind::usage,
                fmt::format("there is no node {} of {} in an attempt with {} nodes", group.node,
                            group.nodes, run.plan.group.nodes));
  }
  run.plan.group = group;
  const RunDisplay display;
  const fs::path own_folder = node_log_folder(folder, group.node);
  make_folders(own_folder);
  RunObserver observer(own_folder, run.held.spec.log_limit_bytes, display, [&]() -> std::string {
    if (is_stop_requested(folder)) return requested_stop(folder).value_or("stopped");
    return stop_reason ? stop_reason() : std::string();
  });
  observer.log_quietly(fmt::format("node {} of {} begins: {}", group.node, group.nodes,
                                   run.held.version.reference()));
  NodeResult result;
  SpaceReserve reserve(node_folder(folder, group.node));
  result.run = attempt_version(home, run.held, run.plan, observer);
  reserve.give_back();
  keep_end(observer, result.run);
  result.ended_ms = now_ms();
  if (group.is_first()) {
    result.facts = observer.facts();
    result.metrics = {observer.metrics().begin(), observer.metrics().end()};
  }
  write_node_result(folder, group.node, result);
  return result.run;
}

int free_port() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (!socket || ::bind(socket.get(), any, size) != 0 ||
      ::getsockname(socket.get(), any, &size) != 0) {
    throw_io_error("cannot find a free port", errno);
  }
  return ntohs(address.sin_port);
}

}  // namespace mat
