#include "core/run/follow_version.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/life/live_progress.h"
#include "core/run/dead_runners.h"
#include "core/run/stop_version.h"
#include "core/training/log_file.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(100);
constexpr double kSecondsBetweenLooksAtStatus = 0.5;
constexpr std::size_t kChunkBytes = 64 << 10;

double number_in(const Json& json, const char* key) {
  const Json value = json.value(key, Json());
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

std::int64_t count_in(const Json& json, const char* key) {
  const Json value = json.value(key, Json());
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::string text_in(const Json& json, const char* key) {
  const Json value = json.value(key, Json());
  return value.is_string() ? value.get<std::string>() : std::string();
}

void show_progress(const Json& json, const RunDisplay& display) {
  if (!json.is_object()) return;
  if (json.contains("phase")) {
    if (display.phase) {
      display.phase(text_in(json, "phase"), count_in(json, "done"), count_in(json, "total"));
    }
    return;
  }
  if (!display.progress) return;
  Progress progress;
  progress.stage = text_in(json, "stage");
  progress.epoch = static_cast<int>(count_in(json, "epoch"));
  progress.epochs = static_cast<int>(count_in(json, "epochs"));
  progress.step = count_in(json, "step");
  progress.steps = count_in(json, "steps");
  progress.loss = number_in(json, "loss");
  progress.metric_name = text_in(json, "metric_name");
  progress.metric = number_in(json, "metric");
  progress.samples_per_second = number_in(json, "samples_per_second");
  progress.seconds_left = number_in(json, "seconds_left");
  display.progress(progress);
}

class Follower {
 public:
  Follower(Registry& registry, Id version, std::uint64_t log_offset, const RunDisplay& display)
      : registry_(registry), id_(version), display_(display), offset_(log_offset) {
    const VersionRecord record = registry.version(version);
    folder_ = registry.home().version_folder(record.job, record.number);
  }

  RunResult follow(const StopReason& stop_reason) {
    bool has_stopped = false;
    double looked_s = 0;
    for (;;) {
      if (monotonic_seconds() - looked_s >= kSecondsBetweenLooksAtStatus) {
        looked_s = monotonic_seconds();
        notice_dead_runners(registry_);
        const VersionRecord record = registry_.version(id_);
        show_waiting(record);
        // The status was read first: all that was logged before the end is there.
        show_log();
        if (!is_active(record.status)) return result_of(record);
        show_progress(read_progress(folder_), display_);
      }
      show_log();
      if (!has_stopped && stop_reason && !stop_reason().empty()) {
        has_stopped = true;
        stop();
      }
      std::this_thread::sleep_for(kBetweenLooks);
    }
  }

 private:
  static RunResult result_of(const VersionRecord& record) {
    RunResult result;
    result.status = record.status == Status::abnormal ? Status::failed : record.status;
    result.reason = record.status_reason;
    const int code = result_code(record);
    for (const ErrorKind kind : {ErrorKind::usage, ErrorKind::not_found, ErrorKind::conflict,
                                 ErrorKind::io, ErrorKind::terminated}) {
      if (code == static_cast<int>(kind)) result.error = kind;
    }
    return result;
  }

  // It may have ended meanwhile, and it may be that Slurm does not answer: the version ends when it
  // can, and is followed until then.
  void stop() {
    try {
      stop_version(registry_, registry_.version(id_), false);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::conflict) throw;
      if (display_.waiting && is_active(registry_.version(id_).status)) {
        display_.waiting(e.message());
      }
    }
  }

  void show_waiting(const VersionRecord& record) {
    constexpr std::string_view kWaits = "waits for ";
    const std::string& reason = record.status_reason;
    const bool waits = record.status == Status::pending && reason.starts_with(kWaits);
    const std::string for_what = waits ? reason.substr(kWaits.size()) : std::string();
    if (for_what == waits_for_) return;
    waits_for_ = for_what;
    if (display_.waiting) display_.waiting(waits_for_);
  }

  void show_log() {
    if (!display_.output) return;
    const fs::path path = folder_ / kLogName;
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat now {};
    if (!file || ::fstat(file.get(), &now) != 0) return;
    // It has turned over, and begins anew.
    if (static_cast<std::uint64_t>(now.st_size) < offset_) offset_ = 0;
    std::array<char, kChunkBytes> buffer;
    for (;;) {
      const ssize_t count =
          ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset_));
      if (count <= 0) return;
      offset_ += static_cast<std::uint64_t>(count);
      display_.output({buffer.data(), static_cast<std::size_t>(count)});
    }
  }

  Registry& registry_;
  Id id_;
  const RunDisplay& display_;
  fs::path folder_;
  std::uint64_t offset_;
  std::string waits_for_;
};

}  // namespace

RunResult follow_version(Registry& registry, Id version, std::uint64_t log_offset,
                         const RunDisplay& display, const StopReason& stop_reason) {
  return Follower(registry, version, log_offset, display).follow(stop_reason);
}

}  // namespace mat
