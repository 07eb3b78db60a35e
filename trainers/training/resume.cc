#include "trainers/training/resume.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "trainers/training/results.h"

namespace mat {
namespace {

constexpr std::size_t kLongestShown = 40;

std::string shown(const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : to_json_text(value);
  return text.size() <= kLongestShown ? text : "another";
}

// "lr was 0.1 and is 0.2" for every key at which two objects differ, in whatever order their keys
// are.
std::vector<std::string> differences(const Json& before, const Json& now) {
  std::vector<std::string> found;
  for (const auto& [key, value] : now.items()) {
    const Json old = before.value(key, Json());
    if (old != value) {
      found.push_back(fmt::format("{} was {} and is {}", key, shown(old), shown(value)));
    }
  }
  for (const auto& [key, value] : before.items()) {
    if (!now.contains(key)) found.push_back(fmt::format("{} was {}", key, shown(value)));
  }
  return found;
}

void check_settings(const Checkpoint& checkpoint, const Json& now, TrainObserver& observer) {
  const Json& before = checkpoint.state.at("settings");
  std::vector<std::string> found;
  for (const char* part : {"algorithm", "hyperparameters", "data"}) {
    for (std::string& difference : differences(before.at(part), now.at(part))) {
      found.push_back(std::move(difference));
    }
  }
  if (!found.empty()) {
    throw Error(ErrorKind::conflict,
                fmt::format("the checkpoint of step {} belongs to another training: {}",
                            checkpoint.step, join(found, ", ")),
                "put back what has changed, or train a new version, which begins anew");
  }
  Json machine = before.at("machine");
  machine.emplace("nodes", 1);  // as it was before there were several
  found = differences(machine, now.at("machine"));
  if (!found.empty()) {
    observer.log(
        fmt::format("{}: numbers may differ in their last digits from those of a training "
                    "without a break",
                    join(found, ", ")));
  }
}

}  // namespace

std::filesystem::path checkpoint_folder(const TrainRequest& request) {
  return request.version_folder / "checkpoint";
}

std::optional<Checkpoint> find_checkpoint(const TrainRequest& request, TrainObserver& observer) {
  if (!request.resume) return std::nullopt;
  auto checkpoint = read_latest_checkpoint(checkpoint_folder(request),
                                           [&](std::string_view line) { observer.log(line); });
  observer.log(checkpoint ? fmt::format("going on from the checkpoint of step {}", checkpoint->step)
                          : "there is no checkpoint: starting over");
  return checkpoint;
}

Json checkpoint_settings(const TrainRequest& request, Json data, const torch::Device& device) {
  // Histograms are only looked at: a training goes on with or without them.
  Json hyperparameters = request.hyperparameters;
  hyperparameters.erase("histograms");
  const Json settings{
      {"algorithm", {{"algorithm", request.algorithm}, {"seed", request.seed}}},
      {"hyperparameters", std::move(hyperparameters)},
      {"data", std::move(data)},
      {"machine",
       {{"threads", at::get_num_threads()},
        {"nodes", request.group.nodes},
        {"device", device.str()},
        {"libtorch", TORCH_VERSION}}},
  };
  // As they come back from a file, so that texts which JSON cannot hold are equal, too.
  return parse_json(to_json_text(settings), "settings");
}

void begin_training(const TrainRequest& request, const std::optional<Checkpoint>& from,
                    const Json& settings, TrainObserver& observer) {
  if (from) {
    check_settings(*from, settings, observer);
    observer.restore(from->state.at("observer"));
    return;
  }
  if (request.resume) observer.restore(nullptr);
  remove_checkpoints(checkpoint_folder(request));
  remove_best(request.version_folder);
}

}  // namespace mat
