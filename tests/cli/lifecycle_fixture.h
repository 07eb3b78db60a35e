#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "tests/cli/mat_process.h"

namespace mat::test {

namespace fs = std::filesystem;

// Waits for an event in another process; the limit only ends a test that has failed.
inline bool wait_until(const std::function<bool()>& is_met, double seconds = 60) {
  const double begin_s = monotonic_seconds();
  while (!is_met()) {
    if (monotonic_seconds() - begin_s > seconds) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

// A job of a command of its own; `words` are YAML.
inline std::string command_spec(const std::string& name, const std::string& words,
                                const std::string& more = "") {
  return "name: " + name + "\nalgorithm: {command: " + words + "}\n" + more;
}

// Runs until it is stopped, and says when it has begun and ended.
constexpr const char* kUntilStopped =
    R"([sh, -c, "trap 'echo ended; exit 0' TERM; echo begun; while :; do sleep 0.05; done"])";

// A home with small jobs, and what tests look at.
class Fixture {
 public:
  Fixture() : mat(folder) {}

  std::string write_spec(const std::string& name, const std::string& text) {
    write_text(folder / name, text);
    return (folder / name).string();
  }
  std::string status(const std::string& reference) const {
    const Output shown = mat.run({"version", "show", reference, "--json"});
    return shown.exit_code == 0 ? shown.json()["status"].get<std::string>() : "";
  }
  bool becomes(const std::string& reference, const std::string& wanted) const {
    return wait_until([&] { return status(reference) == wanted; });
  }
  // A version that has all cores until it is stopped.
  void start_blocker() {
    const std::string spec = write_spec("blocker.yaml", command_spec("blocker", kUntilStopped));
    mat.succeed({"job", "create", "-f", spec, "-d"});
    REQUIRE(wait_until([&] { return log("blocker").find("begun") != std::string::npos; }));
  }
  std::string log(const std::string& reference) const {
    return mat.run({"version", "logs", reference}).out;
  }
  fs::path version_folder(const std::string& job, const std::string& label) const {
    return mat.home() / "jobs" / job / label;
  }
  // The processes that keep this home's queue; the older one first.
  std::vector<int> keepers() const {
    std::vector<int> pids;
    for (const auto& process : fs::directory_iterator("/proc")) {
      const auto pid = parse_integer(process.path().filename().string());
      if (!pid) continue;
      std::ifstream file(process.path() / "cmdline", std::ios::binary);
      const std::string line((std::istreambuf_iterator<char>(file)), {});
      const bool is_keeper = line.find("keep-queue") != std::string::npos &&
                             line.find(mat.home().string()) != std::string::npos;
      if (is_keeper) pids.push_back(static_cast<int>(*pid));
    }
    std::sort(pids.begin(), pids.end());
    return pids;
  }
  int runner_of(const std::string& job, const std::string& label) const {
    return parse_json(read_file(version_folder(job, label) / "lock"), "lock")["pid"];
  }

  TemporaryFolder folder;
  MatProcess mat;
};

}  // namespace mat::test
