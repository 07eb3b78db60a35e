#include "core/life/stop_request.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/life/version_lock.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLongestReason = 4096;

}  // namespace

fs::path stop_request_path(const fs::path& version_folder) { return version_folder / "stop"; }

void request_stop(const fs::path& version_folder, const std::string& reason) {
  write_file_atomic(stop_request_path(version_folder), reason + "\n");
}

void ask_to_stop(const fs::path& version_folder, const std::string& reason) {
  try {
    request_stop(version_folder, reason);
  } catch (const Error&) {
    const auto process = runner_process(version_folder);
    if (!process) throw;
    if (::syscall(SYS_pidfd_send_signal, process->get(), SIGTERM, nullptr, 0) != 0) throw;
  }
}

std::optional<std::string> requested_stop(const fs::path& version_folder) {
  const auto text = read_file_if_exists(stop_request_path(version_folder), kLongestReason);
  if (!text) return std::nullopt;
  const std::string reason(trim(*text));
  return reason.empty() ? "stopped" : reason;
}

void withdraw_stop(const fs::path& version_folder) noexcept {
  ::unlink(stop_request_path(version_folder).c_str());
}

bool is_stop_requested(const fs::path& version_folder) noexcept {
  return ::access(stop_request_path(version_folder).c_str(), F_OK) == 0;
}

}  // namespace mat
