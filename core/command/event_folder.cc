#include "core/command/event_folder.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/base/text.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 7> kSplits{"train",      "training", "val", "valid",
                                                  "validation", "test",     "eval"};

}  // namespace

EventFolder::EventFolder(fs::path folder) : folder_(std::move(folder)) {
  find_files();
  for (auto& [path, tail] : files_) tail.poll([](std::string_view, std::int64_t, double) {});
}

void EventFolder::poll(MetricSink& sink, TrainObserver& observer) {
  find_files();
  for (auto& [path, tail] : files_) {
    const bool was_damaged = tail.is_damaged();
    const std::string folder = path.parent_path() == folder_ ? "" : path.parent_path().filename();
    tail.poll([&](std::string_view tag, std::int64_t step, double value) {
      sink.add(name_of(folder, tag), step, value);
    });
    if (tail.is_damaged() && !was_damaged) {
      observer.log(fmt::format("{} is damaged: what follows in it is not read",
                               path.lexically_relative(folder_).string()));
    }
  }
}

void EventFolder::find_files() {
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator entry(folder_, options, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    if (is_event_file_name(entry->path().filename().string()) && !entry->is_symlink(gone) &&
        entry->is_regular_file(gone)) {
      files_.try_emplace(entry->path(), entry->path());
    }
  }
}

std::string EventFolder::name_of(const std::string& folder, std::string_view tag) {
  const bool is_split = std::find(kSplits.begin(), kSplits.end(), lower(folder)) != kSplits.end();
  const auto first = folder_of_tag_.try_emplace(std::string(tag), folder).first;
  if (!is_split && first->second == folder) return std::string(tag);
  return folder.empty() ? std::string(tag) : fmt::format("{}/{}", folder, tag);
}

}  // namespace mat
