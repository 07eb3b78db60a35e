#include "core/run/learnt_before.h"

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/error.h"
#include "core/cache/content.h"
#include "core/dataset/manifest.h"
#include "core/registry/reference.h"
#include "core/run/run_inputs.h"

namespace mat {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeights = "weights_url";
constexpr const char* kData = "data_url";
constexpr int kMostVersions = 1000;

// Of HOME/jobs/JOB/V0001/output/best.safetensors.
std::optional<VersionRecord> version_of(Registry& registry, const fs::path& weights) {
  const fs::path within = weights.lexically_relative(registry.home().jobs());
  const std::vector<fs::path> parts(within.begin(), within.end());
  if (parts.size() < 3 || !parse_version_number(parts[1].string())) return std::nullopt;
  try {
    return registry.version(parts[0].string() + "@" + parts[1].string());
  } catch (const Error&) {
    return std::nullopt;  // deleted, or none of these
  }
}

std::string recorded_input(const VersionRecord& version, const std::string& channel) {
  const auto pointer = Json::json_pointer("") / ("inputs." + channel) / "value";
  const bool is_there = version.settings.contains(pointer) && version.settings[pointer].is_string();
  return is_there ? version.settings[pointer].get<std::string>() : "";
}

// The manifest that an input of a version or spec names; nothing when it is no dataset's.
std::optional<fs::path> manifest_of_input(const Home& home, const std::string& place) {
  if (!dataset_of_address(place)) return std::nullopt;
  fs::path manifest = path_of_input(home, place);
  std::error_code error;
  return fs::exists(manifest, error) ? std::optional(manifest) : std::nullopt;
}

template <typename Take>
void for_each_content(const fs::path& manifest, Usage usage, const Take& take) {
  ManifestReader reader(manifest);
  for (ManifestSample sample; reader.next(sample);) {
    if (sample.usage != usage) continue;
    if (const auto content = content_from_hex(sample.content)) take(*content);
  }
}

}  // namespace

std::int64_t learnt_before(Registry& registry, const JobSpec& spec) {
  const auto weights = spec.inputs.find(kWeights);
  const auto data = spec.inputs.find(kData);
  if (weights == spec.inputs.end() || data == spec.inputs.end()) return 0;
  const auto manifest = manifest_of_input(registry.home(), data->second);
  if (!manifest) return 0;
  std::unordered_set<Content, ContentHash> learnt;
  std::optional<VersionRecord> base = version_of(registry, weights->second);
  for (int i = 0; base && i < kMostVersions; ++i) {
    if (const auto of_base = manifest_of_input(registry.home(), recorded_input(*base, kData))) {
      for_each_content(*of_base, Usage::train, [&](const Content& each) { learnt.insert(each); });
    }
    base = version_of(registry, recorded_input(*base, kWeights));
  }
  std::int64_t count = 0;
  for_each_content(*manifest, Usage::validation,
                   [&](const Content& each) { count += learnt.contains(each) ? 1 : 0; });
  return count;
}

}  // namespace mat
