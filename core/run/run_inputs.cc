#include "core/run/run_inputs.h"

#include <fmt/core.h>

#include <set>
#include <utility>

#include "core/base/address.h"
#include "core/base/error.h"
#include "core/catalog/picture_counts.h"
#include "core/catalog/publish.h"
#include "core/dataset/manifest.h"
#include "core/registry/reference.h"
#include "core/run/run_environment.h"
#include "core/storage/remote_storage.h"

namespace mat {

namespace {

namespace fs = std::filesystem;

// A container is shown so many folders, and their parents where there are more.
constexpr std::size_t kMostFolders = 100;

// Nobody deletes one that a version waits for but by hand.
void require_manifest(const std::string& dataset, const fs::path& manifest) {
  std::error_code error;
  if (fs::exists(manifest, error)) return;
  if (error) throw_io_error(fmt::format("cannot look for '{}'", manifest.string()), error.value());
  throw Error(ErrorKind::not_found,
              fmt::format("the dataset's version {} has been deleted: there is no '{}'", dataset,
                          manifest.string()),
              "'mat dataset list' shows those that are there");
}

// Of a version from before there were datasets, or of another one, nothing is known.
void require_recorded(const HeldVersion& held, const std::string& channel,
                      const std::string& dataset, const fs::path& manifest) {
  const Json& facts = held.version.facts;
  const auto pointer = Json::json_pointer("/datasets") / channel / "fingerprint";
  if (!facts.contains(pointer) || facts.at(pointer) == manifest_fingerprint(manifest)) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("{} is not what it was when {} was made", dataset, held.version.reference()),
      fmt::format("its manifest was changed, or the dataset was deleted and made anew: {}",
                  manifest.string()));
}

// So few that each can be named to a container: no folder within another.
std::set<fs::path> outermost(const std::set<fs::path>& folders) {
  std::set<fs::path> kept;
  for (const fs::path& folder : folders) {
    bool is_within = false;
    for (fs::path at = folder; !is_within && at.has_relative_path(); at = at.parent_path()) {
      is_within = kept.contains(at.parent_path());
    }
    if (!is_within) kept.insert(folder);
  }
  return kept;
}

std::vector<fs::path> folders_of_pictures(const fs::path& manifest) {
  std::set<fs::path> folders;
  ManifestReader reader(manifest);
  for (ManifestSample sample; reader.next(sample);) {
    if (!is_remote_address(sample.source)) folders.insert(fs::path(sample.source).parent_path());
  }
  folders = outermost(folders);
  // Never the root itself, in place of the container's.
  for (bool goes_up = true; goes_up && folders.size() > kMostFolders;) {
    std::set<fs::path> above;
    for (const fs::path& folder : folders) {
      const fs::path parent = folder.parent_path();
      above.insert(parent.has_relative_path() ? parent : folder);
    }
    goes_up = above != folders;
    folders = outermost(above);
  }
  return {folders.begin(), folders.end()};
}

}  // namespace

fs::path path_of_input(const Home& home, const std::string& place) {
  const auto dataset = dataset_of_address(place);
  if (!dataset) return place;
  const DatasetReference reference = parse_dataset_reference(*dataset);
  if (reference.which != DatasetReference::Which::number) {
    throw Error(ErrorKind::bug, fmt::format("'{}' was not resolved to a version", place));
  }
  return home.dataset_manifest(reference.dataset, reference.number);
}

Json dataset_facts(Registry& registry, const JobSpec& spec) {
  Json facts = Json::object();
  for (const auto& [channel, place] : spec.inputs) {
    const auto dataset = dataset_of_address(place);
    if (!dataset) continue;
    const DatasetVersionRecord version = registry.dataset_version(*dataset);
    facts[channel] = {{"version", version.reference()}, {"fingerprint", version.fingerprint}};
    if (!version.name.empty()) facts[channel]["name"] = version.name;
    const std::int64_t left_out = picture_counts_from_json(version.counts).left_out;
    if (left_out > 0) facts[channel]["left_out"] = left_out;
  }
  return facts;
}

RunInputs fetch_inputs(const Home& home, const HeldVersion& held, RunObserver& observer) {
  const JobSpec& spec = held.spec;
  RunInputs inputs;
  Json fetched = Json::object();
  for (const auto& [channel, place] : spec.inputs) {
    if (const auto dataset = dataset_of_address(place)) {
      const fs::path manifest = path_of_input(home, place);
      require_manifest(*dataset, manifest);
      require_recorded(held, channel, *dataset, manifest);
      inputs.paths[channel] = manifest;
      if (spec.definition.command && !spec.definition.command->image.empty()) {
        const auto folders = folders_of_pictures(manifest);
        inputs.picture_folders.insert(inputs.picture_folders.end(), folders.begin(), folders.end());
      }
      continue;
    }
    if (!is_remote_address(place)) {
      inputs.paths[channel] = place;
      continue;
    }
    TransferHooks hooks;
    hooks.progress = [&observer](const TransferProgress& p) {
      observer.phase("fetching data", p.bytes, p.bytes_total);
    };
    hooks.log = [&observer](std::string_view line) { observer.log(line); };
    hooks.stop_requested = [&observer] { return observer.stop_requested(); };
    FetchedData data =
        fetch_remote(place, home.cache() / "fetched", environment_with(spec.environment), hooks);
    fetched[channel] = {{"files", data.files},
                        {"bytes", data.bytes},
                        {"fingerprint", data.fingerprint},
                        {"reused", data.reused}};
    inputs.paths[channel] = data.path;
    inputs.in_use.push_back(std::move(data.in_use));
  }
  if (!fetched.empty()) observer.record("fetched", fetched);
  return inputs;
}

}  // namespace mat
