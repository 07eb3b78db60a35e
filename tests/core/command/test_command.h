#pragma once

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/time.h"
#include "core/command/command_run.h"
#include "tests/temp_folder.h"

namespace mat {

struct TestPoint {
  std::string name;
  std::int64_t step = 0;
  double value = 0;
  bool operator==(const TestPoint&) const = default;
};

class TestObserver final : public TrainObserver {
 public:
  void log(std::string_view line) override { lines.emplace_back(line); }
  void phase(std::string_view, std::int64_t, std::int64_t) override {}
  void progress(const Progress&) override {}
  void metric(std::string_view name, std::int64_t step, double value) override {
    points.push_back({std::string(name), step, value});
    if (on_metric) on_metric();
  }
  void record(std::string_view key, const Json& value) override { facts[std::string(key)] = value; }
  bool stop_requested() override { return stop && stop(); }
  Json checkpoint_state() override { return nullptr; }
  void restore(const Json&) override {}

  bool has_logged(const std::string& part) const {
    for (const std::string& line : lines) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

  std::function<bool()> stop;
  std::function<void()> on_metric;
  std::vector<std::string> lines;
  std::vector<TestPoint> points;
  Json facts = Json::object();
};

// A version's folder with everything that a command needs. Its processes carry a mark in their
// environment by which they are found wherever they have gone.
struct CommandPlace {
  TempFolder folder;
  TestObserver observer;
  std::uint64_t log_limit = 64 << 20;

  CommandPlace() {
    std::filesystem::create_directories(folder / "code");
    std::filesystem::create_directories(folder / "version");
  }

  std::filesystem::path version() const { return folder / "version"; }
  std::string mark() const { return "MAT_TEST_MARK=" + folder.path().filename().string(); }

  CommandRequest request(const std::vector<std::string>& arguments) const {
    CommandRequest request;
    request.arguments = arguments;
    request.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", mark(),
                           "OUT=" + (version() / "output").string(),
                           "MAT_METRICS_FILE=" + (version() / "metrics.jsonl").string()};
    request.working_folder = folder / "code";
    request.version_folder = version();
    request.output_folder = version() / "output";
    request.metrics_file = version() / "metrics.jsonl";
    return request;
  }

  TrainOutcome run(const CommandRequest& request) {
    LogFile log(version(), log_limit);
    return run_command(request, observer, log);
  }
  TrainOutcome run(const std::vector<std::string>& arguments) { return run(request(arguments)); }
  TrainOutcome run_shell(const std::string& script) { return run({"sh", "-c", script}); }

  // The error that ends it; an Error of kind bug when none does.
  Error failure(const CommandRequest& request) {
    try {
      run(request);
    } catch (const Error& e) {
      return e;
    }
    return Error(ErrorKind::bug, "it did not fail");
  }
  Error shell_failure(const std::string& script) { return failure(request({"sh", "-c", script})); }

  std::string log() const { return read_file(version() / "log.txt"); }

  // Living processes with the mark. A process that has just ended has no environment any more.
  std::vector<pid_t> marked_processes() const {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      try {
        const auto environment = read_file_if_exists(entry.path() / "environ").value_or("");
        if (environment.find(mark()) != std::string::npos) found.push_back(std::stoi(name));
      } catch (const Error&) {
      }
    }
    return found;
  }
};

// Looks again and again, since there is nothing to wait on; false after far too long.
inline bool comes_true(const std::function<bool()>& is_so, double limit_s = 60) {
  const double deadline = monotonic_seconds() + limit_s;
  while (!is_so()) {
    if (monotonic_seconds() > deadline) return false;
    ::usleep(2000);
  }
  return true;
}

}  // namespace mat
