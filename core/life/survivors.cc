#include "core/life/survivors.h"

#include <signal.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

// While they are looked for, they may start others.
constexpr int kMostRounds = 50;

bool has_variable(std::string_view environment, std::string_view assignment) {
  for (std::size_t at = environment.find(assignment); at != std::string_view::npos;
       at = environment.find(assignment, at + 1)) {
    const std::size_t end = at + assignment.size();
    const bool begins = at == 0 || environment[at - 1] == '\0';
    if (begins && (end == environment.size() || environment[end] == '\0')) return true;
  }
  return false;
}

std::vector<pid_t> processes_with(const std::string& assignment) {
  std::vector<pid_t> found;
  std::error_code error;
  const fs::path own_program = fs::read_symlink("/proc/self/exe", error);
  for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
    const auto pid = parse_integer(it->path().filename().string());
    if (!pid) continue;
    try {
      const auto environment = read_file_if_exists(it->path() / "environ");
      if (!environment || !has_variable(*environment, assignment)) continue;
    } catch (const Error&) {
      continue;  // another user's
    }
    // A mat that the command has called ends by itself, and this may be one.
    std::error_code gone;
    if (fs::read_symlink(it->path() / "exe", gone) == own_program) continue;
    found.push_back(static_cast<pid_t>(*pid));
  }
  return found;
}

}  // namespace

void kill_survivors(const fs::path& version_folder) noexcept {
  try {
    const std::string assignment = "MAT_OUTPUT_DIR=" + (version_folder / "output").string();
    for (int round = 0; round < kMostRounds; ++round) {
      const std::vector<pid_t> left = processes_with(assignment);
      if (left.empty()) return;
      for (const pid_t pid : left) ::kill(pid, SIGKILL);
      ::usleep(10'000);
    }
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace mat
