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

// "events.out.tfevents.1700000000" of the name of a file: what follows is the machine's.
std::string beginning_of(const std::string& name) {
  const std::size_t at = name.find("tfevents.");
  return name.substr(0, at == std::string::npos ? at : name.find('.', at + 9));
}

}  // namespace

EventFolder::EventFolder(fs::path folder, std::optional<fs::file_time_type> goes_on_since)
    : folder_(std::move(folder)), reads_earlier_(goes_on_since.has_value()) {
  find_files();
  for (auto& [key, tail] : files_) {
    std::error_code error;
    if (goes_on_since && fs::last_write_time(tail.path(), error) > *goes_on_since) continue;
    tail.poll([](std::string_view, std::int64_t, double) {});
  }
}

void EventFolder::poll(MetricSink& sink, TrainObserver& observer) {
  if (reads_earlier_) {
    read_files(sink, observer);
    reads_earlier_ = false;
    // A program that goes on may do so in a folder of another name.
    taken_.clear();
  }
  find_files();
  read_files(sink, observer);
}

void EventFolder::read_files(MetricSink& sink, TrainObserver& observer) {
  for (auto& [key, tail] : files_) {
    const bool was_damaged = tail.is_damaged();
    const fs::path folder = tail.path().parent_path();
    tail.poll([&](std::string_view tag, std::int64_t step, double value) {
      const std::string& name = name_of(folder, tag, sink);
      if (reads_earlier_) {
        sink.add_of_earlier_file(name, step, value);
      } else {
        sink.add_of_file(name, step, value);
      }
    });
    if (tail.is_damaged() && !was_damaged) {
      observer.log(fmt::format("{} is damaged: what follows in it is not read",
                               tail.path().lexically_relative(folder_).string()));
    }
  }
}

void EventFolder::find_files() {
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator entry(folder_, options, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    const std::string name = entry->path().filename().string();
    if (is_event_file_name(name) && !entry->is_symlink(gone) && entry->is_regular_file(gone)) {
      files_.try_emplace({beginning_of(name), entry->path()}, entry->path());
    }
  }
}

const std::string& EventFolder::name_of(const fs::path& folder, std::string_view tag,
                                        const MetricSink& sink) {
  auto& names = names_[folder];
  auto found = names.find(tag);
  if (found == names.end()) found = names.emplace(tag, new_name(folder, tag, sink)).first;
  taken_.insert(found->second);
  return found->second;
}

std::string EventFolder::new_name(const fs::path& folder, std::string_view tag,
                                  const MetricSink& sink) {
  const std::vector<std::string> names = possible_names(folder, tag);
  const auto is_free = [&](const std::string& each) { return !taken_.contains(each); };
  auto name = std::find_if(names.begin(), names.end(), is_free);
  // One that had a longer name in an earlier attempt keeps it, though it now comes first.
  if (reads_earlier_) {
    const auto earlier = std::find_if(names.begin() + 1, names.end(), [&](const std::string& each) {
      return is_free(each) && sink.was_used(each);
    });
    if (earlier != names.end()) name = earlier;
  }
  if (name == names.end()) --name;
  // One that was the first of a later attempt has no other name.
  if (reads_earlier_ && sink.was_used(names.front()) && !sink.was_used(*name)) name = names.begin();
  // What would be its longer names tells no other folder from it.
  taken_.insert(names.begin(), names.end());
  return *name;
}

// With more and more of its folders in front: "loss", "run/loss", "b/run/loss".
std::vector<std::string> EventFolder::possible_names(const fs::path& folder,
                                                     std::string_view tag) const {
  const std::string last = lower(folder.filename().string());
  const bool is_split =
      folder != folder_ && std::find(kSplits.begin(), kSplits.end(), last) != kSplits.end();
  std::vector<std::string> names;
  std::string name(tag);
  if (!is_split) names.push_back(name);
  for (fs::path around = folder.lexically_relative(folder_.parent_path()); !around.empty();
       around = around.parent_path()) {
    name = fmt::format("{}/{}", around.filename().string(), name);
    names.push_back(name);
  }
  return names;
}

}  // namespace mat
