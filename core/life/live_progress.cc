#include "core/life/live_progress.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/time.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr double kSecondsBetweenWrites = 0.5;
constexpr std::uint64_t kLongestFile = 1 << 16;

fs::path path_of(const fs::path& folder) { return folder / "progress.json"; }

}  // namespace

LiveProgress::LiveProgress(fs::path version_folder) : folder_(std::move(version_folder)) {}

LiveProgress::~LiveProgress() { ::unlink(path_of(folder_).c_str()); }

void LiveProgress::show(const Progress& p) {
  if (monotonic_seconds() - written_s_ < kSecondsBetweenWrites) return;
  write({{"stage", p.stage},
         {"epoch", p.epoch},
         {"epochs", p.epochs},
         {"step", p.step},
         {"steps", p.steps},
         {"loss", p.loss},
         {"metric_name", p.metric_name},
         {"metric", p.metric},
         {"samples_per_second", p.samples_per_second},
         {"seconds_left", p.seconds_left}});
}

void LiveProgress::show(std::string_view phase, std::int64_t done, std::int64_t total) {
  if (monotonic_seconds() - written_s_ < kSecondsBetweenWrites) return;
  write({{"phase", phase}, {"done", done}, {"total", total}});
}

// Renamed into place, so that a reader never sees half of it. A full disk is no reason to end a
// training: the next write of something that matters will say so.
void LiveProgress::write(const Json& json) {
  written_s_ = monotonic_seconds();
  const std::string text = to_json_text(json) + "\n";
  const fs::path partial = folder_ / "progress.json.part";
  const FileDescriptor file(
      ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file) return;
  const ssize_t written = ::write(file.get(), text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size())) {
    std::rename(partial.c_str(), path_of(folder_).c_str());
  } else {
    ::unlink(partial.c_str());
  }
}

Json read_progress(const fs::path& version_folder) {
  try {
    const auto text = read_file_if_exists(path_of(version_folder), kLongestFile);
    return text ? parse_json(*text, "progress.json") : Json(nullptr);
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace mat
