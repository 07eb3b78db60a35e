#include "cli/ui/events.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "core/base/error.h"
#include "core/base/time.h"
#include "core/life/live_progress.h"
#include "core/metrics/event_tail.h"
#include "core/run/background.h"
#include "core/run/dead_runners.h"
#include "core/service/dead_services.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr auto kBetweenLooks = std::chrono::milliseconds(500);
constexpr int kLooksBetweenThoroughOnes = 4;
constexpr double kBetweenPingsSeconds = 15;

std::uint64_t size_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : size;
}

std::uint64_t bytes_of_points(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (is_event_file_name(entry.path().filename().string())) bytes += size_of(entry.path());
  }
  return bytes;
}

std::string event_text(const std::string& event, const Json& data) {
  return fmt::format("event: {}\ndata: {}\n\n", event, to_json_text(data));
}

}  // namespace

UiEvents::UiEvents(const Home& home) : home_(home), thread_([this] { watch(); }) {}

UiEvents::~UiEvents() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void UiEvents::add(std::shared_ptr<HttpStream> stream) {
  {
    const std::lock_guard lock(mutex_);
    new_streams_.push_back(std::move(stream));
  }
  changed_.notify_all();
}

bool UiEvents::open_registry(std::optional<Registry>& registry) const {
  std::error_code error;
  if (!fs::exists(home_.database(), error)) {
    registry.reset();
  } else if (!registry) {
    registry.emplace(home_, Registry::Mode::read);
  }
  return registry.has_value();
}

// With registry_mutex_ held.
std::uint64_t UiEvents::registry_changes() {
  try {
    const std::int64_t now = open_registry(registry_) ? registry_->data_version() : -1;
    if (std::exchange(data_version_, now) != now) ++registry_changes_;
  } catch (const Error&) {
    // Whoever asks for something is told what is wrong.
    registry_.reset();
    ++registry_changes_;
  }
  return registry_changes_;
}

std::uint64_t UiEvents::state() {
  const std::lock_guard lock(registry_mutex_);
  return registry_changes();
}

Json UiEvents::active_versions(Registry& registry) const {
  Json versions = Json::array();
  for (const ActiveVersion& version : registry.active_versions()) {
    const fs::path folder = home_.version_folder(version.job, version.number);
    versions.push_back({{"reference", version.reference()},
                        {"status", name_of(version.status)},
                        {"progress", read_progress(folder)},
                        {"log_bytes", size_of(folder / "log.txt")},
                        {"points_bytes", bytes_of_points(folder)}});
  }
  return versions;
}

void UiEvents::send(const std::string& event, const Json& data) {
  const std::string text = event_text(event, data);
  std::erase_if(streams_, [&](const auto& stream) { return !stream->send(text); });
}

void UiEvents::look(bool thoroughly) {
  Json live = Json::object({{"versions", Json::array()}});
  if (open_registry(watched_)) {
    if (thoroughly) {
      notice_dead_runners(*watched_);
      notice_dead_services(*watched_);
      wake_queue(*watched_);
    }
    live["versions"] = active_versions(*watched_);
  }
  std::string text = to_json_text(live);
  const bool is_live_new = text != live_;
  std::uint64_t changes = 0;
  {
    const std::lock_guard lock(registry_mutex_);
    changes = registry_changes();
  }
  if (is_live_new) {
    live_ = std::move(text);
    send("live", live);
  }
  if (std::exchange(told_changes_, changes) != changes) send("changed", {{"change", changes}});
}

void UiEvents::watch() {
  int looks = 0;
  double pinged_s = monotonic_seconds();
  std::unique_lock lock(mutex_);
  while (!is_over_) {
    const bool is_watched = !streams_.empty() || !new_streams_.empty();
    if (!is_watched) {
      changed_.wait(lock, [&] { return is_over_ || !new_streams_.empty(); });
      continue;
    }
    // A page that has just opened gets what is there now.
    if (!new_streams_.empty()) {
      for (auto& stream : new_streams_) {
        const bool is_open =
            stream->send("retry: 2000\n\n" +
                         (live_.empty() ? std::string() : "event: live\ndata: " + live_ + "\n\n"));
        if (is_open) streams_.push_back(std::move(stream));
      }
      new_streams_.clear();
    }
    lock.unlock();
    try {
      look(looks++ % kLooksBetweenThoroughOnes == 0);
    } catch (const std::exception&) {
      // A home that has moved away or is being repaired; pages that ask are told what is wrong.
    }
    if (monotonic_seconds() - pinged_s > kBetweenPingsSeconds) {
      pinged_s = monotonic_seconds();
      std::erase_if(streams_, [](const auto& stream) { return !stream->send(": still here\n\n"); });
    }
    lock.lock();
    changed_.wait_for(lock, kBetweenLooks, [&] { return is_over_ || !new_streams_.empty(); });
  }
}

}  // namespace mat
